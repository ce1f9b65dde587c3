/** Panels beside the cards, such as look/ and mend/: one is open at a time, each has a button among the tools. */

/** `buttons` takes the buttons, `place` the open panel; keys are added to `shortcuts`. */
export class Panels {
  #buttons;
  #place;
  #shortcuts;
  #open = null;

  constructor(buttons, place, shortcuts) {
    this.#buttons = buttons;
    this.#place = place;
    this.#shortcuts = shortcuts;
  }

  /**
   * Add `{label, key, words, element, open(), close()}`: the button's label, its key with what the list of keys says of
   * it, the panel's element, and what is called after it is shown and before it is hidden.
   */
  add(panel) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain" });
    button.textContent = panel.label;
    button.ariaPressed = "false";
    button.addEventListener("click", () => this.toggle(panel));
    this.#buttons.append(button);
    this.#shortcuts.add([panel.key], [panel.key.toUpperCase()], panel.words, () => {
      if (!this.#buttons.checkVisibility() || button.disabled) return false;
      this.toggle(panel);
    });
    panel.button = button;
  }

  /** Open a panel in the place of the one that is open, or close it. */
  toggle(panel) {
    const opens = panel !== this.#open;
    this.close();
    if (!opens) return;
    this.#open = panel;
    this.#place.replaceChildren(panel.element);
    this.#place.hidden = false;
    panel.button.ariaPressed = "true";
    panel.open();
  }

  /** Close the open panel, if there is one. */
  close() {
    const panel = this.#open;
    if (!panel) return;
    panel.close();
    this.#open = null;
    panel.button.ariaPressed = "false";
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }
}
