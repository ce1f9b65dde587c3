/** The selected tool: brush or lasso, what a stroke does to the matte, its size and how soft its edge is. */

import { Brush, lasso } from "./brush.js";
import { around } from "./matte.js";

const FADE_PART = 0.5; // of the brush's radius, over which a lasso's edge fades when it is softest

/**
 * Paints on what `painting` is at the time. `aim` is where a stroke leads, see Stroke; `shape` is "brush" or "lasso";
 * `radius` is in pixels of the page, so that who zooms in paints finer; `softness` is 0 to 1.
 */
export class Tool {
  painting = null;
  aim = null;
  shape = "brush";
  radius = 24;
  softness = 0.5;
  #view;
  #on;
  #stroke = null;
  #brush;
  #points = [];
  #dirty = null;
  #frame = 0;

  /** `on` is called: `outlined(points)` as a lasso is drawn, null when it ends; `drawn()` after a frame; `ended()` after a stroke. */
  constructor(view, on) {
    this.#view = view;
    this.#on = on;
  }

  /** Whether a stroke is being drawn. */
  get busy() {
    return this.#stroke !== null;
  }

  /** Begin a stroke at a point of the picture. */
  begin(point) {
    this.end(); // one that the keyboard has begun
    if (!this.aim) return;
    this.#stroke = this.painting.begin(this.aim);
    this.#brush = new Brush(this.radius * this.#view.perPixel, this.softness);
    this.#points = [point];
    if (this.shape === "brush") this.#show(this.#brush.line(this.#stroke, point, point));
  }

  /** Continue the stroke through these points. */
  move(points) {
    if (!this.busy) return;
    for (const point of points) {
      if (this.shape === "brush") this.#show(this.#brush.line(this.#stroke, this.#points.at(-1), point));
      this.#points.push(point);
    }
    if (this.shape === "lasso") this.#on.outlined(this.#points);
  }

  /** End the stroke; a lasso covers what it surrounds. */
  end() {
    if (!this.busy) return;
    if (this.shape === "lasso") this.#show(this.#outlined());
    this.#finish(() => this.painting.end());
  }

  /** Discard the stroke, as when a second finger comes down. */
  cancel() {
    if (this.busy) this.#finish(() => this.#show(this.painting.cancel()));
  }

  #outlined() {
    const fade = this.#brush.radius * this.softness * FADE_PART;
    return lasso(this.#stroke, this.#points, fade, this.painting.room.rows);
  }

  #finish(how) {
    how();
    this.#stroke = null;
    this.#on.outlined(null);
    this.#on.ended();
  }

  /** Many changes of a stroke are drawn once, in the next frame. */
  #show(box) {
    this.#dirty = around(this.#dirty, box);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const drawn = this.painting?.show(this.#dirty);
      if (drawn) this.#view.draw(drawn);
      this.#dirty = null;
      this.#on.drawn();
    });
  }
}
