// What is asked of any page, whether it lies in a folder or is served.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Elements that stick out of the page, other than what scrolls by itself.
export const WIDE = `[...document.querySelectorAll("body *")].filter((e) => {
  if (e.closest(".scroll") || e.closest("svg") || e.closest(".skip") || e.closest("pre")) return false;
  return e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).slice(0, 3).map((e) => e.tagName + "." + e.className)`;

// Everything unfolded. Of a long table the first rows are enough: the others have the same markup, and axe takes its time with each.
const UNFOLD = `
  document.querySelectorAll("details").forEach((d) => { d.open = true; });
  document.querySelectorAll("tbody").forEach((b) => [...b.rows].slice(12).forEach((row) => row.remove()));
  [...document.querySelectorAll("article")].slice(12).forEach((a) => a.remove());`;

// What axe-core finds that is serious or critical. Changes the page: it is the last that is done with it.
export async function faultsOfAccess(page) {
  await page.evaluate(UNFOLD);
  await page.evaluate(axe);
  const found = await page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)]))"
  );
  return found
    .filter(([impact]) => impact === "serious" || impact === "critical")
    .map(([impact, id, n, html]) => `axe ${id} (${impact}), ${n} times: ${html}`);
}
