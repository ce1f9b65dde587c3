/** Zoom and pan, the same for every card: by pointer, wheel with Ctrl, pinch and keyboard. */

const FURTHEST = 32;
const WHEEL_STEP = 50;
const WHEEL_SPEED = 0.01;
const KEY_PAN = 0.1; // of the stage, at a press of an arrow
const KEYS = { ArrowLeft: [KEY_PAN, 0], ArrowRight: [-KEY_PAN, 0], ArrowUp: [0, KEY_PAN], ArrowDown: [0, -KEY_PAN] };

/** One view of the picture. `zoom` is 1 when it fits; `x` and `y` are its shift, in sizes of the stage. */
export class Viewport {
  #board;
  #tell;
  #pointers = new Map();

  /** `board` gets the view as CSS variables, and `tell(zoom)` is called when the zoom changes. */
  constructor(board, tell) {
    this.#board = board;
    this.#tell = tell;
    this.fit();
  }

  /** The whole picture. */
  fit() {
    Object.assign(this, { zoom: 1, x: 0, y: 0 });
    this.#apply();
  }

  /** Nearer by a factor, so that a point stays where it is; points are in sizes of the stage, from its centre. */
  zoomBy(factor, at = { x: 0, y: 0 }) {
    const zoom = Math.min(FURTHEST, Math.max(1, this.zoom * factor));
    const ratio = zoom / this.zoom;
    this.x = at.x - (at.x - this.x) * ratio;
    this.y = at.y - (at.y - this.y) * ratio;
    this.zoom = zoom;
    this.#apply();
  }

  /** Shift by parts of the stage. */
  panBy(x, y) {
    this.x += x;
    this.y += y;
    this.#apply();
  }

  /** Let a stage move the view. */
  attach(stage) {
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("dblclick", (event) => this.zoom > 1 ? this.fit() : this.zoomBy(4, this.#point(event)));
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
  }

  #apply() {
    const most = (this.zoom - 1) / 2; // the picture's edge comes no further in than the stage's
    this.x = Math.min(most, Math.max(-most, this.x));
    this.y = Math.min(most, Math.max(-most, this.y));
    for (const name of ["zoom", "x", "y"]) this.#board.style.setProperty(`--${name}`, this[name]);
    this.#board.classList.toggle("zoomed", this.zoom > 1);
    this.#tell(this.zoom);
  }

  #wheel(event) {
    if (!event.ctrlKey) return; // the page scrolls; a pinch on a touchpad comes as a wheel with Ctrl, too
    event.preventDefault();
    const step = Math.max(-WHEEL_STEP, Math.min(WHEEL_STEP, event.deltaY)); // a mouse has steps of 100 and more
    this.zoomBy(Math.exp(-step * WHEEL_SPEED), this.#point(event));
  }

  #key(event) {
    const [x, y] = KEYS[event.key] ?? [];
    if (x === undefined || this.zoom === 1) return;
    event.preventDefault();
    this.panBy(x, y);
  }

  #down(event) {
    if (event.button || event.target.closest("button")) return;
    const { currentTarget: stage } = event;
    stage.draggable = this.zoom === 1 && event.pointerType === "mouse" && Boolean(stage.closest(".card.done"));
    stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#point(event));
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    if (!other) return this.panBy(now.x - before.x, now.y - before.y);
    this.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.zoomBy(distance(now, other) / distance(before, other), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  #point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width - 0.5, y: (event.clientY - box.top) / box.height - 0.5 };
  }
}

const distance = (a, b) => Math.max(0.01, Math.hypot(a.x - b.x, a.y - b.y));
