/** The part of a painting that a canvas shows: zoom, shift, and what is drawn. Only what has changed is drawn anew. */

const FURTHEST = 32; // screen pixels a picture's pixel
const NEARLY = 0.96; // of the stage, which a picture that fits takes

/** `canvas` fills its parent. `behind` is how much of the photograph is seen through, 0 to 1; `mask` shows alpha as grey. */
export class View {
  behind = 0.3;
  mask = false;
  #pen;
  #painting = null;
  #changed;

  /** `changed()` is called when zoom or shift has changed. */
  constructor(canvas, changed) {
    this.#pen = canvas.getContext("2d");
    this.#changed = changed;
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
  }

  /** Show a painting, all of it. */
  open(painting) {
    this.#resize();
    this.#painting = painting;
    this.fit();
  }

  /** Let go of the painting. */
  close() {
    this.#painting = null;
  }

  /** The whole picture. */
  fit() {
    this.scale = this.#fitting;
    this.x = (this.#canvas.width - this.#painting.size.width * this.scale) / 2;
    this.y = (this.#canvas.height - this.#painting.size.height * this.scale) / 2;
    this.#moved();
  }

  /** Nearer by a factor, so that a point of the page stays where it is; else the middle does. */
  zoomBy(factor, { clientX, clientY } = this.middle) {
    const scale = Math.min(FURTHEST, Math.max(this.#fitting / 2, this.scale * factor));
    const box = this.#canvas.getBoundingClientRect();
    const [x, y] = [(clientX - box.left) * devicePixelRatio, (clientY - box.top) * devicePixelRatio];
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.#moved();
  }

  /** Shift by pixels of the page. */
  panBy(x, y) {
    this.x += x * devicePixelRatio;
    this.y += y * devicePixelRatio;
    this.#moved();
  }

  /** The middle of the stage, on the page. */
  get middle() {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { clientX: left + width / 2, clientY: top + height / 2 };
  }

  /** Where a point of the page lies in the picture, in its pixels. */
  toPicture({ clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.left) * devicePixelRatio - this.x) / this.scale,
      y: ((clientY - box.top) * devicePixelRatio - this.y) / this.scale,
    };
  }

  /** Where a point of the picture lies in the stage, in pixels of the page. */
  toStage({ x, y }) {
    return { x: (this.x + x * this.scale) / devicePixelRatio, y: (this.y + y * this.scale) / devicePixelRatio };
  }

  /** Pixels of the picture in one of the page. */
  get perPixel() {
    return devicePixelRatio / this.scale;
  }

  /** Draw all, or only `box`, in pixels of the picture. */
  draw(box = null) {
    if (!this.#painting) return;
    const { width, height } = this.#canvas;
    const left = box ? Math.max(0, Math.floor(this.x + box.left * this.scale) - 1) : 0;
    const top = box ? Math.max(0, Math.floor(this.y + box.top * this.scale) - 1) : 0;
    const right = box ? Math.min(width, Math.ceil(this.x + box.right * this.scale) + 1) : width;
    const bottom = box ? Math.min(height, Math.ceil(this.y + box.bottom * this.scale) + 1) : height;
    if (right <= left || bottom <= top) return;
    this.#pen.save();
    this.#pen.beginPath();
    this.#pen.rect(left, top, right - left, bottom - top);
    this.#pen.clip();
    this.paint(this.#pen, this);
    this.#pen.restore();
  }

  /** Draw the painting with any pen, at a scale and a shift, in pixels of its canvas. */
  paint(pen, { scale, x, y }) {
    const { photo, shown, size } = this.#painting;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
    pen.setTransform(scale, 0, 0, scale, x, y);
    if (photo && !this.mask) {
      pen.globalAlpha = this.behind;
      photo.draw(pen, scale);
      pen.globalAlpha = 1;
    }
    shown.draw(pen, scale);
    if (this.mask) grey(pen, size);
  }

  get #canvas() {
    return this.#pen.canvas;
  }

  get #fitting() {
    const { width, height } = this.#painting.size;
    return NEARLY * Math.min(this.#canvas.width / width, this.#canvas.height / height);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas.parentElement;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
    this.draw();
  }

  #moved() {
    this.draw();
    this.#changed();
  }
}

/** What was drawn becomes white, as far as it is opaque, on black. */
function grey(pen, { width, height }) {
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "source-over";
}
