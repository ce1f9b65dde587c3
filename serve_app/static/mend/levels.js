/** A picture on a canvas and at halves of it, so that any zoom is drawn fast and without gaps. */

import { penOn } from "../pictures/canvas.js";

const SMALLEST_PX = 512; // no level is needed below: a window is larger
const SQUARES_FROM = 3; // screen pixels a picture's pixel, from which on pixels are drawn as squares

/** `pen` has the picture; each pixel of its canvas is `grain` by `grain` of the picture's. */
export class Levels {
  #pens;
  #small = [penOn(1, 1)]; // for each level, the part that changes: a canvas that others are drawn from is copied when it changes

  constructor(pen, grain) {
    const { width, height } = pen.canvas;
    this.grain = grain;
    this.#pens = [pen];
    for (let n = 1; Math.max(width, height) >> n >= SMALLEST_PX; n++) {
      this.#pens.push(penOn(Math.ceil(width / 2 ** n), Math.ceil(height / 2 ** n)));
      this.#small.push(penOn(1, 1));
      halve(this.#pens[n - 1].canvas, this.#pens[n], 0, 0, this.#pens[n].canvas);
    }
  }

  get pen() {
    return this.#pens[0];
  }

  /** The sides of a part must be multiples of this, or the picture's, so that it has whole pixels on each level. */
  get step() {
    return this.grain * 2 ** (this.#pens.length - 1);
  }

  /** Replace a part, an ImageData, whose left top corner is there on the canvas; see `step`. */
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
    const n = Math.min(this.#pens.length - 1, Math.max(0, Math.floor(-Math.log2(scale * this.grain))));
    const { canvas } = this.#pens[n];
    const side = this.grain * 2 ** n;
    pen.imageSmoothingEnabled = scale < SQUARES_FROM;
    pen.drawImage(canvas, 0, 0, canvas.width * side, canvas.height * side);
  }
}

/** A pen on a canvas of its own with what a canvas has. */
export function copyOf(canvas) {
  const pen = penOn(canvas.width, canvas.height);
  pen.drawImage(canvas, 0, 0);
  return pen;
}

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
