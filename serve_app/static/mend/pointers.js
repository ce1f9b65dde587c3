/** Fingers, pen and mouse on the stage: one paints, two fingers zoom and shift, the middle button or Space shifts. */

const LEAST_PX = 1; // between two fingers, so that no zoom is endless

/**
 * Joins them to `view` and `tool`; `hover(event)` is told where the pointer is, null: away. `shifts()` says whether Space is
 * held.
 */
export class Pointers {
  #stage;
  #view;
  #tool;
  #hover;
  #shifts;
  #down = new Map(); // pointerId -> its last event
  #doing = null; // "paint", "shift" or "pinch"; after a pinch nothing until all fingers are up

  constructor(stage, view, tool, hover, shifts) {
    this.#stage = stage;
    this.#view = view;
    this.#tool = tool;
    this.#hover = hover;
    this.#shifts = shifts;
    stage.addEventListener("pointerdown", (event) => this.#press(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerleave", () => this.#down.size || hover(null));
    stage.addEventListener("pointerup", (event) => this.#lift(event, () => tool.end()));
    stage.addEventListener("pointercancel", (event) => this.#lift(event, () => tool.cancel()));
  }

  #press(event) {
    if (event.button > 1) return;
    event.preventDefault(); // no text is selected, and no autoscroll begins
    this.#stage.focus({ preventScroll: true });
    this.#stage.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, event);
    if (this.#down.size > 1) {
      if (this.#doing === "paint") this.#tool.cancel();
      this.#doing = "pinch";
    } else if (event.button === 1 || this.#shifts()) {
      this.#doing = "shift";
    } else {
      this.#doing = "paint";
      this.#hover(event);
      this.#tool.begin(this.#view.toPicture(event));
    }
  }

  #move(event) {
    const before = this.#down.get(event.pointerId);
    if (before) this.#down.set(event.pointerId, event);
    if (this.#doing !== "pinch") this.#hover(event);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (this.#doing === "paint") this.#paint(event);
    if (this.#doing === "shift") this.#view.panBy(dx, dy);
    if (this.#doing === "pinch" && this.#down.size > 1) this.#pinch(event, before, dx / 2, dy / 2);
  }

  /** All that the pointer did since the last frame, not only where it is now. */
  #paint(event) {
    const events = event.getCoalescedEvents?.() ?? [];
    this.#tool.move((events.length ? events : [event]).map((one) => this.#view.toPicture(one)));
  }

  #pinch(event, before, dx, dy) {
    const [, other] = [...this.#down].find(([id]) => id !== event.pointerId);
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.#view.panBy(dx, dy);
    this.#view.zoomBy(apart(event, other) / apart(before, other), middle);
  }

  #lift(event, ended) {
    if (!this.#down.delete(event.pointerId)) return;
    if (this.#doing === "paint") ended();
    if (!this.#down.size || this.#doing === "paint") this.#doing = null;
    if (event.pointerType === "touch") this.#hover(null);
  }
}

const apart = (a, b) => Math.max(LEAST_PX, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
