// Drives `gevinst report --serve` by keyboard, 360 pixels wide: node served.mjs URL STEP, where STEP is a shell command that makes
// the ledger grow. Prints what it saw and fails on the first thing that is not so.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { WIDE, faultsOfAccess } from "./looks.mjs";

const [url, step] = process.argv.slice(2);
const shots = process.env.GEVINST_SHOTS;
const must = (holds, what) => {
  if (!holds) throw new Error(what);
  console.log(`seen: ${what}`);
};
const until = async (test, what) => {
  for (let tries = 0; tries < 300; tries++) {
    if (await test()) return must(true, what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`after thirty seconds still not: ${what}`);
};
const save = async (page, name) => {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  writeFileSync(join(shots, `served-${name}.png`), await page.shot(3_000));
};

const FRAME = `document.getElementById("page")?.contentDocument`;
const WAITING = `document.querySelectorAll("#waiting form").length`;
const FOCUSED = `(() => { const e = document.activeElement; const s = getComputedStyle(e);
  return { name: e.getAttribute("aria-label") || e.textContent.trim(), tag: e.tagName, seen: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 }; })()`;

// Presses Tab until what has the focus is `wanted`.
async function tabTo(page, wanted) {
  for (let tries = 0; tries < 60; tries++) {
    await page.press("Tab", { code: 9 });
    const focused = await page.evaluate(FOCUSED);
    if (wanted.test(focused.name)) {
      must(focused.seen, `the focus on "${focused.name}" can be seen`);
      return focused;
    }
  }
  throw new Error(`Tab never came to ${wanted}`);
}
const enter = (page) => page.press("Enter", { text: "\r", code: 13 });

const browser = await Browser.start();
try {
  const page = await browser.open(url, { width: 360, dark: false });
  await until(() => page.evaluate(`${FRAME}?.querySelector("h1") !== null && ${FRAME}?.readyState === "complete"`), "the month's page in its frame");
  const waiting = await page.evaluate(WAITING);
  must(waiting >= 2, `${waiting} moves wait for a person`);
  must((await page.evaluate("location.search")) === "", "the token is gone from the address");
  const wide = await page.evaluate(WIDE);
  must(wide.length === 0, `nothing is wider than 360 pixels ${wide.join(", ")}`);
  await save(page, "360");

  await tabTo(page, /^Approve /);
  await enter(page);
  await until(() => page.evaluate(`${WAITING} === ${waiting - 1}`), "one move fewer waits after Enter");
  await until(() => page.evaluate(`${FRAME}?.readyState === "complete"`), "the page is there again");

  // A mark in the frame's window goes when the page is loaded anew.
  const inFrame = `document.getElementById("page").contentWindow`;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await page.evaluate(`${inFrame}.marked = true`);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  must(await page.evaluate(`${inFrame}.marked === true`), "the page stays while the ledger does");
  execFileSync("sh", ["-c", step], { stdio: ["ignore", "ignore", "inherit"] });
  await until(() => page.evaluate(`${inFrame}.marked !== true && ${FRAME}?.readyState === "complete"`), "the page came anew when the ledger had grown");

  await tabTo(page, /^Library/);
  await enter(page);
  await until(() => page.evaluate(`${FRAME}?.querySelector("form.finder:not([hidden])") != null`), "the library, with its search");
  const rows = `${FRAME}.querySelectorAll("table.library tbody tr:not([hidden])").length`;
  const before = await page.evaluate(rows);
  await page.evaluate(`${FRAME}.querySelector("input[type=search]").focus()`);
  await page.type("no such words");
  await until(() => page.evaluate(`${rows} === 0`), `none of ${before} experiments fits words that are nowhere`);

  for (const dark of [false, true]) {
    await page.show({ width: 1400, dark });
    await save(page, dark ? "1400-dark" : "1400");
  }
  for (const dark of [false, true]) {
    await page.show({ width: 360, dark });
    const found = await faultsOfAccess(page);
    must(found.length === 0, `axe-core finds nothing serious ${found.join("; ")}`);
  }
  must(page.errors.length === 0, `no error on the console ${page.errors.join("; ")}`);
  const host = new URL(url).origin;
  const elsewhere = page.requests.filter((r) => !r.startsWith(host) && !r.startsWith("data:"));
  must(elsewhere.length === 0, `nothing was asked of anybody else ${elsewhere.join(", ")}`);
} finally {
  await browser.stop();
}
