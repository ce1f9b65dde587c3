/** The before/after slider: how far from the left every card shows the original. */

/** Joins the range field to `board`, which gets `--wipe`, in percent. */
export class Wipe {
  #field;
  #board;

  constructor(field, board) {
    this.#field = field;
    this.#board = board;
    field.addEventListener("input", () => this.set(field.valueAsNumber));
    this.set(0);
  }

  /** Show so many percent of the original. */
  set(percent) {
    this.#field.value = percent;
    this.#field.setAttribute("aria-valuetext", `${this.#field.value} % of the width`);
    this.#board.style.setProperty("--wipe", `${this.#field.value}%`);
    this.#board.classList.toggle("wiped", this.#field.valueAsNumber > 0);
  }

  /** Let a stage's handle be drawn. */
  attach(stage) {
    const handle = stage.querySelector(".handle");
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // else the stage pans
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = stage.getBoundingClientRect();
      this.set(Math.round(((event.clientX - box.left) / box.width) * 100));
    });
  }
}
