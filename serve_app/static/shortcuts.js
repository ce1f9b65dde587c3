/** Keyboard shortcuts; inactive while the user types, and can be turned off (WCAG 2.1.4). */

const KEPT = "cutout-shortcuts";
const TYPED = "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=color])";

/** Joins keys to the bench while `active()`; `field` turns them on and off. */
export function watchShortcuts(field, bench, active) {
  field.checked = localStorage.getItem(KEPT) !== "off";
  field.addEventListener("change", () => localStorage.setItem(KEPT, field.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches(TYPED);
    if (busy || !field.checked || !active() || document.querySelector("dialog[open]")) return;
    if (press(event.key, bench)) event.preventDefault();
  });
}

function press(key, bench) {
  if (/^[1-9]$/.test(key)) bench.chooseNumber(Number(key));
  else if (key === "0") bench.chooseNone();
  else if (key === "u" || key === "U") bench.pick.undo();
  else if (key === "+" || key === "=") bench.zoom("in");
  else if (key === "-") bench.zoom("out");
  else if (key === "f" || key === "F") bench.zoom("fit");
  else return false;
  return true;
}
