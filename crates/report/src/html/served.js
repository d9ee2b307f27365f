"use strict";
(() => {
  let known = null;
  const look = async () => {
    try {
      const answer = await fetch("/state", { cache: "no-store" });
      if (!answer.ok) return;
      const state = await answer.text();
      if (known !== null && state !== known) {
        document.getElementById("page").contentWindow.location.reload();
        const list = await fetch("/waiting", { cache: "no-store" });
        if (list.ok) document.getElementById("waiting").innerHTML = await list.text();
      }
      known = state;
    } catch {
      // The server has ended; the page stays as it is.
    }
  };
  look();
  setInterval(look, 2000);
})();
