// What makes pages smoother; without it everything still works.
"use strict";

(() => {
  // Errors are read first.
  const focusErrors = (root) => root.querySelector("[data-focus]")?.focus();

  // On a phone, the current page of the menu is in sight.
  const showCurrent = () => {
    const menu = document.querySelector(".menu");
    const current = menu?.querySelector("[aria-current]");
    if (current && menu.scrollWidth > menu.clientWidth) {
      menu.scrollLeft = current.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2;
    }
  };

  // A second press within four seconds is a slip of the finger; the server refuses it too.
  const DOUBLE_PRESS = 4000;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.classList.add("sending");
    setTimeout(() => {
      delete form.dataset.sent;
      form.classList.remove("sending");
    }, DOUBLE_PRESS);
  });

  // « Imprimer » and « Copier » need a script: their buttons are hidden until then.
  const reveal = () => {
    for (const button of document.querySelectorAll("[data-print], [data-copy]")) button.hidden = false;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-print], [data-copy]");
    if (!button) return;
    if ("print" in button.dataset) {
      window.print();
      return;
    }
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "copied";
    said.textContent = "Copié";
    button.after(said);
    setTimeout(() => said.remove(), DOUBLE_PRESS);
  });

  // The account menu closes when one leaves it.
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.account[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.account[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  showCurrent();
  reveal();
  focusErrors(document);
  document.addEventListener("htmx:afterSwap", (event) => {
    reveal();
    focusErrors(event.target);
  });
})();
