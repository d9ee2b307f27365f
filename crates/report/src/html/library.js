"use strict";
(() => {
  const form = document.querySelector("form.finder");
  const rows = [...document.querySelectorAll("table.found tbody tr")];
  const columns = [...document.querySelectorAll("table.found thead th")].map((th) => th.dataset.key);
  const found = document.getElementById("found");
  // Read once, when somebody searches: a page of ten thousand rows opens faster without.
  let texts = null;
  const show = () => {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = ["phase", "channel", "outcome"]
      .map((key) => [columns.indexOf(key), form[key].value])
      .filter(([, value]) => value);
    const fits = (row, text) =>
      words.every((word) => text.includes(word)) &&
      chosen.every(([column, value]) => row.cells[column].textContent.split(", ").includes(value));
    let n = 0;
    rows.forEach((row, i) => {
      const shown = fits(row, texts[i]);
      if (row.hidden === shown) row.hidden = !shown;
      n += shown ? 1 : 0;
    });
    found.textContent = String(n);
  };
  form.hidden = rows.length === 0;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
