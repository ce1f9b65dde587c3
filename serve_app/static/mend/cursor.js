/** Where the brush is: a ring of its size, the loupe, a lasso's outline; moved by the pointer or by the arrow keys. */

const KEY_STEP = 0.5; // of the brush's radius, at a press of an arrow
const LEAST_STEP_PX = 2;

/** It shows the size of `tool`, and paints with it where the keyboard has moved it. */
export class Cursor {
  #stage;
  #view;
  #tool;
  #ring;
  #line;
  #at = null; // the point of the page

  constructor(stage, view, tool, loupe) {
    this.#stage = stage;
    this.#view = view;
    this.#tool = tool;
    this.loupe = loupe;
    this.#ring = stage.querySelector(".mend-ring");
    this.#line = stage.querySelector(".mend-lasso polyline");
  }

  /** The pointer is here; null: it is away. */
  hover(event) {
    this.#at = event && { clientX: event.clientX, clientY: event.clientY };
    this.follow();
  }

  /** Draw it where it is; size, zoom or picture may have changed. */
  follow() {
    const { radius, shape, softness } = this.#tool;
    this.#ring.hidden = !this.#at || shape === "lasso";
    if (this.#at) {
      const { left, top } = this.#stage.getBoundingClientRect();
      const [x, y] = [this.#at.clientX - left, this.#at.clientY - top];
      this.#ring.style.transform = `translate(${x}px, ${y}px) scale(${radius / 50})`;
      this.#ring.style.setProperty("--inner", `${100 * (1 - softness)}%`);
      this.#ring.style.setProperty("--thin", `${50 / radius}px`);
    }
    if (this.#tool.painting) this.loupe.show(this.#at, shape === "lasso" ? 1 : radius);
  }

  /** Draw a lasso through points of the picture; null: none. */
  outline(points) {
    this.#line.setAttribute("points", (points ?? []).map((point) => {
      const { x, y } = this.#view.toStage(point);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    }).join(" "));
  }

  /** Move it by arrows, in steps of the brush: to the right and down where positive. */
  step(right, down) {
    const { clientX, clientY } = this.#at ?? this.#view.middle;
    const step = Math.max(LEAST_STEP_PX, this.#tool.radius * KEY_STEP);
    this.hover({ clientX: clientX + right * step, clientY: clientY + down * step });
    if (this.#tool.busy) this.#tool.move([this.#view.toPicture(this.#at)]);
  }

  /** The Enter key begins a stroke here, and ends it. */
  press() {
    if (this.#tool.busy) return this.#tool.end();
    this.hover(this.#at ?? this.#view.middle);
    this.#tool.begin(this.#view.toPicture(this.#at));
  }
}
