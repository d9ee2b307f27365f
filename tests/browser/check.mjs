// Opens every page in `pages/` and checks what only a browser can tell. See README.md.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const pages = process.argv[2] ?? join(here, "pages");
const shots = join(here, "shots");
const axePath = join(here, "node_modules", "axe-core", "axe.min.js");
const axe = existsSync(axePath) ? readFileSync(axePath, "utf8") : null;
const WIDTHS = [360, 800, 1400];
const faults = [];
const check = (holds, fault) => holds || faults.push(fault);

// What a month's page must show, counted from the JSON beside it.
const expected = (report) => {
  const long = report.experiments.length > 40;
  if (long) return null;
  const days = report.experiments.flatMap((x) => x.by_day.flatMap((day) => day.arms.map((arm) => [x, arm])));
  const lines = (has) =>
    report.experiments
      .filter((x) => x.arms.length > 1)
      .map((x) => Math.min(8, x.courses.filter((c) => c.points.filter(has).length > 1).length))
      .reduce((a, b) => a + b, 0);
  const drawn = (x) => x.comparisons.filter((c) => c.points.length > 0).slice(0, 12).length;
  // More arms than there are hatches are drawn together: seven, and the rest as one.
  const stacked = (of) =>
    report.experiments.map((x) => {
      const own = new Map(x.arms.map((arm, i) => [arm.name, x.arms.length > 8 && i > 6 ? "rest" : arm.name]));
      return x.by_day.map((d) => new Set(d.arms.filter((a) => of(x, a) > 0).map((a) => own.get(a.arm))).size).reduce((a, b) => a + b, 0);
    }).reduce((a, b) => a + b, 0);
  return {
    bars: stacked((_, a) => a.spend_minor ?? 0) + stacked((_, a) => a.goals ?? 0),
    traces: lines((p) => p.ln_e_drop !== null || p.e_drop !== null) + lines((p) => p.p_best !== null),
    bands: report.experiments.map(drawn).reduce((a, b) => a + b, 0),
    points: report.experiments.flatMap((x) => x.arms).filter((a) => a.cost_per_goal).length
      + report.overview.channels.filter((c) => c.cost_minor !== null).length * (report.overview.channels.length > 1 ? 1 : 0),
    any: days.length,
  };
};

const MARKS = `({
  bars: document.querySelectorAll("rect.bar").length,
  traces: document.querySelectorAll("path.trace").length,
  bands: [...document.querySelectorAll("svg.stretch")].filter((s) => s.querySelector("path.looks")).length,
  points: document.querySelectorAll("rect.point").length,
})`;

// Elements that stick out of the page, other than what scrolls by itself.
const WIDE = `[...document.querySelectorAll("body *")].filter((e) => {
  if (e.closest(".scroll") || e.closest("svg") || e.closest(".skip") || e.closest("pre")) return false;
  return e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).slice(0, 3).map((e) => e.tagName + "." + e.className)`;

// Tables that are wider than the paper.
const CUT = `[...document.querySelectorAll("table")].filter((t) => t.offsetParent &&
  t.getBoundingClientRect().right > document.documentElement.clientWidth + 2).map((t) => t.closest("[aria-label]")?.getAttribute("aria-label") ?? "?")`;

async function look(browser, file) {
  const url = pathToFileURL(join(pages, file)).href;
  const name = file.replace(/\.html$/, "");
  const json = join(pages, `${name}.json`);
  for (const width of WIDTHS) {
    for (const dark of [false, true]) {
      const page = await browser.open(url, { width, dark });
      const at = `${name} at ${width}${dark ? " dark" : ""}`;
      check(page.errors.length === 0, `${at}: ${page.errors.join("; ")}`);
      const elsewhere = page.requests.filter((r) => r !== url && !r.startsWith("data:"));
      check(elsewhere.length === 0, `${at}: asked for ${elsewhere.join(", ")}`);
      const wide = await page.evaluate(WIDE);
      check(wide.length === 0, `${at}: wider than the page: ${wide.join(", ")}`);
      if (name === "twelve" && width === 1400 && !dark) {
        const size = statSync(join(pages, file)).size;
        check(size < 1_000_000, `${at}: ${size} bytes`);
        check(page.milliseconds < 1_000, `${at}: opened in ${page.milliseconds.toFixed(0)} ms`);
        console.log(`${name}: ${size} bytes, opened in ${page.milliseconds.toFixed(0)} ms`);
      }
      if (width === 1400 && !dark && existsSync(json)) {
        const wanted = expected(JSON.parse(readFileSync(json, "utf8")));
        const seen = await page.evaluate(MARKS);
        for (const kind of wanted ? Object.keys(seen) : []) {
          check(seen[kind] === wanted[kind], `${at}: ${seen[kind]} ${kind}, the data has ${wanted[kind]}`);
        }
      }
      // On a page of thousands of rows axe takes minutes and finds what it finds on a smaller one.
      if (axe && width === 800 && statSync(join(pages, file)).size < 400_000) {
        await page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })");
        await page.evaluate(axe);
        const found = await page.evaluate(
          "axe.run({ resultTypes: ['violations'] }).then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)]))"
        );
        for (const [impact, id, n, html] of found) {
          const serious = impact === "serious" || impact === "critical";
          check(!serious, `${at}: axe ${id} (${impact}), ${n} times: ${html}`);
        }
        await page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = false; })");
      }
      const { cssContentSize } = await page.send("Page.getLayoutMetrics");
      const height = Math.min(Math.ceil(cssContentSize.height), 12_000);
      const shot = await page.send("Page.captureScreenshot", {
        captureBeyondViewport: true, clip: { x: 0, y: 0, width, height, scale: 1 },
      });
      writeFileSync(join(shots, `${name}-${width}${dark ? "-dark" : ""}.png`), Buffer.from(shot.data, "base64"));
      if (width === 800 && !dark) {
        // A4 less its margins, at 96 pixels an inch.
        await page.send("Emulation.setDeviceMetricsOverride", { width: 688, height: 1009, deviceScaleFactor: 1, mobile: false });
        await page.send("Emulation.setEmulatedMedia", { media: "print" });
        const cut = await page.evaluate(CUT);
        check(cut.length === 0, `${name} in print: cut: ${cut.join(", ")}`);
        const { data } = await page.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
        const sheets = (Buffer.from(data, "base64").toString("latin1").match(/\/Type\s*\/Page[^s]/g) ?? []).length;
        if (name === "month-management") check(sheets === 1, `${name}: ${sheets} sheets of A4`);
      }
      await page.close();
    }
  }
}

mkdirSync(shots, { recursive: true });
const files = readdirSync(pages).filter((file) => file.endsWith(".html")).sort();
if (files.length === 0) throw new Error(`no pages in ${pages}`);
if (!axe) console.log("axe-core is not installed: accessibility is not checked (npm install)");
const browser = await Browser.start();
try {
  for (const file of files) {
    await look(browser, file);
    console.log(`${file}: looked at`);
  }
} finally {
  await browser.stop();
}
faults.forEach((fault) => console.error(`fault: ${fault}`));
if (faults.length > 0) process.exit(1);
console.log(`${files.length} pages, no fault`);
