"use strict";
(() => {
  const form = document.querySelector("form.finder");
  const rows = [...document.querySelectorAll("table.library tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const found = document.getElementById("found");
  const show = () => {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    rows.forEach((row, i) => {
      const fits =
        words.every((word) => texts[i].includes(word)) &&
        ["phase", "channel", "outcome"].every(
          (key) => !form[key].value || row.dataset[key].split("\n").includes(form[key].value)
        );
      row.hidden = !fits;
      n += fits ? 1 : 0;
    });
    found.textContent = String(n);
  };
  form.hidden = rows.length === 0;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
