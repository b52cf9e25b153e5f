// Single keys: data-keys on an element says which key (or two, "g t") stands for a click on it.
// Rows are elements with data-row: j and k walk over them by their links, so that Enter opens and everything is read out.
"use strict";
(() => {
  let begun = ""; // the first of two keys
  const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const rows = () => [...document.querySelectorAll("[data-row]")];

  const walk = (step) => {
    const all = rows();
    const at = all.indexOf(document.activeElement.closest("[data-row]"));
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
    next?.querySelector("a")?.focus();
  };
  const choose = () => document.activeElement.closest("[data-row]")?.querySelector("input[type=checkbox]")?.click();
  const act = (on) => {
    if (on.popover) on.togglePopover();
    else if (on.matches("input")) on.focus();
    else on.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const pressed = begun ? `${begun} ${event.key}` : event.key;
    begun = "";
    const on = [...document.querySelectorAll("[data-keys]")].find((each) => each.dataset.keys === pressed);
    if (on) act(on);
    else if (pressed === "j") walk(1);
    else if (pressed === "k") walk(-1);
    else if (pressed === "x") choose();
    else if (pressed === "g") begun = "g";
    else return;
    event.preventDefault();
  });
})();
