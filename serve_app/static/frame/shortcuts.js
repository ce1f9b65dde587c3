/** Keyboard shortcuts; inactive while the user types, and can be turned off (WCAG 2.1.4). */

const KEPT = "cutout-shortcuts";
const TYPED = "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=color])";

/** The keys of every part of the page. `field` turns them on and off; each added one is listed in `list`. */
export class Shortcuts {
  #field;
  #list;
  #presses = new Map();
  #listed = new Set(); // labels

  constructor(field, list) {
    this.#field = field;
    this.#list = list;
    field.checked = localStorage.getItem(KEPT) !== "off";
    field.addEventListener("change", () => localStorage.setItem(KEPT, field.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => this.#down(event));
  }

  /**
   * Call `press(key)` when one of `keys` is pressed, as in KeyboardEvent.key, letters in lower case; it returns false
   * where the key does nothing now. `shown` are the labels of the keys in the list, and `words` say what they do; keys
   * that are listed already, as they do the same in another view, are not listed again.
   */
  add(keys, shown, words, press) {
    for (const key of keys) this.#presses.set(key, [press, ...(this.#presses.get(key) ?? [])]);
    if (shown.every((label) => this.#listed.has(label))) return;
    for (const label of shown) this.#listed.add(label);
    const row = document.createElement("div");
    const term = document.createElement("dt");
    for (const label of shown) term.append(label === "…" ? label : named("kbd", label), " ");
    row.append(term, named("dd", words));
    this.#list.append(row);
  }

  #down(event) {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches(TYPED);
    if (busy || !this.#field.checked || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && event.target.closest("a, summary, button:not([aria-pressed=true])")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const used = (this.#presses.get(key) ?? []).some((press) => press(key) !== false);
    if (used) event.preventDefault();
  }
}

const named = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });
