// Opens every page of a folder and checks what only a browser can tell. See README.md.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";
import { WIDE, faultsOfAccess } from "./looks.mjs";

const [pages, shots, ...rest] = process.argv.slice(2);
if (!pages || !shots) throw new Error("usage: node check.mjs PAGES SHOTS [--all]");
const all = rest.includes("--all");
// Printing fifty arms or 250 experiments takes a browser longer than everything else together, and so do their pictures.
const SLOW = ["awkward", "crowd"];
const WIDTHS = [1400, 800, 360];
const OPENS_MS = 1_000;
// Far above, since the machine may be busy: the time itself is printed.
const OPENS_MS_MOST = 10 * OPENS_MS;
const faults = [];
const check = (holds, fault) => holds || faults.push(fault);

// What a page must show, counted from the JSON beside it; null where not all of it is drawn.
const expected = (report) => {
  if (!report.overview || report.experiments.length > 40) return null;
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
      return x.by_day.map((d) => new Set(d.arms.filter((a) => of(a) > 0).map((a) => own.get(a.arm))).size).reduce((a, b) => a + b, 0);
    }).reduce((a, b) => a + b, 0);
  return {
    bars: stacked((a) => a.spend_minor ?? 0) + stacked((a) => a.goals ?? 0),
    traces: lines((p) => p.ln_e_drop !== null || p.e_drop !== null) + lines((p) => p.p_best !== null),
    bands: report.experiments.map(drawn).reduce((a, b) => a + b, 0),
    points: report.experiments.flatMap((x) => x.arms).filter((a) => a.cost_per_goal).length
      + report.overview.channels.filter((c) => c.cost_minor !== null).length * (report.overview.channels.length > 1 ? 1 : 0),
  };
};

const MARKS = `({
  bars: document.querySelectorAll("rect.bar").length,
  traces: document.querySelectorAll("path.trace").length,
  bands: [...document.querySelectorAll("svg.stretch")].filter((s) => s.querySelector("path.looks")).length,
  points: document.querySelectorAll("rect.point").length,
})`;

// Tables that are wider than the paper.
const CUT = `[...document.querySelectorAll("table")].filter((t) => t.offsetParent &&
  t.getBoundingClientRect().right > document.documentElement.clientWidth + 2).map((t) => t.closest("[aria-label]")?.getAttribute("aria-label") ?? "?")`;

async function look(browser, file) {
  const url = pathToFileURL(join(pages, file)).href;
  const name = file.replace(/\.html$/, "");
  const size = statSync(join(pages, file)).size;
  const slow = !all && SLOW.includes(name);
  const page = await browser.open(url, { width: WIDTHS[0], dark: false });
  const begun = performance.now();
  const json = join(pages, `${name}.json`);
  const wanted = existsSync(json) ? expected(JSON.parse(readFileSync(json, "utf8"))) : null;
  const seen = wanted ? await page.evaluate(MARKS) : {};
  for (const kind of Object.keys(seen)) {
    check(seen[kind] === wanted[kind], `${name}: ${seen[kind]} ${kind}, the data has ${wanted[kind]}`);
  }
  if (name.startsWith("twelve")) {
    check(size < 1_000_000, `${name}: ${size} bytes`);
    check(page.milliseconds < OPENS_MS_MOST, `${name}: opened in ${page.milliseconds.toFixed(0)} ms`);
  }
  for (const width of WIDTHS) {
    for (const dark of [false, true]) {
      await page.show({ width, dark });
      const wide = await page.evaluate(WIDE);
      check(wide.length === 0, `${name} at ${width}: wider than the page: ${wide.join(", ")}`);
      if (slow) continue;
      const shot = await page.shot(12_000);
      writeFileSync(join(shots, `${name}-${width}${dark ? "-dark" : ""}.png`), shot);
    }
  }
  await page.paper();
  const cut = await page.evaluate(CUT);
  check(cut.length === 0, `${name} in print: cut: ${cut.join(", ")}`);
  if (!slow) {
    const pdf = await page.pdf();
    writeFileSync(join(shots, `${name}.pdf`), pdf);
    const sheets = (pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g) ?? []).length;
    if (name === "month-management") check(sheets === 1, `${name}: ${sheets} sheets of A4`);
  }
  for (const dark of [false, true]) {
    await page.show({ width: 800, dark });
    (await faultsOfAccess(page)).forEach((fault) => check(false, `${name}${dark ? ", dark" : ""}: ${fault}`));
  }
  check(page.errors.length === 0, `${name}: ${page.errors.join("; ")}`);
  const elsewhere = page.requests.filter((r) => r !== url && !r.startsWith("data:"));
  check(elsewhere.length === 0, `${name}: asked for ${elsewhere.join(", ")}`);
  await page.close();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${file}: ${(size / 1000).toFixed(0)} kB, opened in ${page.milliseconds.toFixed(0)} ms, looked at for ${seconds} s`);
  if (page.milliseconds > OPENS_MS) console.log(`${file}: over ${OPENS_MS} ms, on a machine that may be busy`);
}

mkdirSync(shots, { recursive: true });
const files = readdirSync(pages).filter((file) => file.endsWith(".html")).sort();
if (files.length === 0) throw new Error(`no pages in ${pages}`);
const browser = await Browser.start();
try {
  for (const file of files) await look(browser, file);
} finally {
  await browser.stop();
}
faults.forEach((fault) => console.error(`fault: ${fault}`));
if (faults.length > 0) process.exit(1);
console.log(`${files.length} pages, no fault; screenshots and PDFs are in ${shots}`);
