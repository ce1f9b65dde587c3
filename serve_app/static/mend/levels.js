/** A picture at its own size and at halves of it, so that any zoom is drawn fast and without gaps. */

const SMALLEST_PX = 512; // no level is needed below: a window is larger
const SQUARES_FROM = 3; // screen pixels a picture's pixel, from which on pixels are drawn as squares

/** `source` is anything that a canvas draws, of `width` by `height` pixels. `pen` draws on the level of that size. */
export class Levels {
  #pens = [];
  #small = []; // for each level, the part that changes: a canvas that others are drawn from is copied when it changes

  /** `read` says that pixels are read back, which wants memory near the processor. */
  constructor(source, { width, height }, read = false) {
    for (let n = 0; n === 0 || Math.max(width, height) >> n >= SMALLEST_PX; n++) {
      this.#pens.push(penOf(Math.ceil(width / 2 ** n), Math.ceil(height / 2 ** n), read && n === 0));
      this.#small.push(penOf(1, 1, false));
    }
    this.pen.drawImage(source, 0, 0);
    this.#pens.slice(1).forEach((pen, n) => halve(this.#pens[n].canvas, pen, 0, 0, pen.canvas));
  }

  get pen() {
    return this.#pens[0];
  }

  /** The sides of a part must be multiples of this, or the picture's, so that it has whole pixels on each level. */
  get step() {
    return 2 ** (this.#pens.length - 1);
  }

  /** Replace a part, an ImageData, whose left top corner is there; see `step`. */
  put(pixels, left, top) {
    this.pen.putImageData(pixels, left, top);
    let { width, height } = pixels;
    room(this.#small[0], width, height).putImageData(pixels, 0, 0);
    for (let n = 1; n < this.#pens.length; n++) {
      [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      const { canvas } = this.#small[n - 1];
      halve(canvas, room(this.#small[n], width, height), 0, 0, { width, height });
      halve(canvas, this.#pens[n], left / 2 ** n, top / 2 ** n, { width, height });
    }
  }

  /** Draw with a pen whose unit is a pixel of the picture, and `scale` pixels of the screen. */
  draw(pen, scale) {
    const n = Math.min(this.#pens.length - 1, Math.max(0, Math.floor(-Math.log2(scale))));
    const { canvas } = this.#pens[n];
    pen.imageSmoothingEnabled = scale < SQUARES_FROM;
    pen.drawImage(canvas, 0, 0, canvas.width * 2 ** n, canvas.height * 2 ** n);
  }
}

const penOf = (width, height, willReadFrequently) =>
  new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently });

/** A pen with room for so much, and nothing drawn there. */
function room(pen, width, height) {
  const { canvas } = pen;
  if (canvas.width < width || canvas.height < height) {
    canvas.width = Math.max(canvas.width, width);
    canvas.height = Math.max(canvas.height, height);
  }
  pen.clearRect(0, 0, canvas.width, canvas.height);
  return pen;
}

/** Draw a canvas half as large, each pixel the mean of four, over what was there. */
function halve(canvas, pen, x, y, { width, height }) {
  pen.clearRect(x, y, width, height);
  pen.drawImage(canvas, 0, 0, 2 * width, 2 * height, x, y, width, height);
}
