/** A picture at its own size and at halves of it, so that any zoom is drawn fast and without gaps. */

const SMALLEST_PX = 512; // no level is needed below: a window is larger
const SQUARES_FROM = 3; // screen pixels a picture's pixel, from which on pixels are drawn as squares

/** `source` is anything that a canvas draws, of `width` by `height` pixels. `pen` draws on the level of that size. */
export class Levels {
  #pens = [];

  /** `read` says that pixels are read back, which wants memory near the processor. */
  constructor(source, { width, height }, read = false) {
    Object.assign(this, { width, height });
    for (let n = 0; n === 0 || Math.max(width, height) >> n >= SMALLEST_PX; n++) {
      const canvas = new OffscreenCanvas(Math.ceil(width / 2 ** n), Math.ceil(height / 2 ** n));
      this.#pens.push(canvas.getContext("2d", { willReadFrequently: read && n === 0 }));
    }
    this.pen.drawImage(source, 0, 0);
    this.update({ left: 0, top: 0, right: width, bottom: height });
  }

  get pen() {
    return this.#pens[0];
  }

  /** The pixels of `box` have changed at the picture's own size: bring them to the others. */
  update({ left, top, right, bottom }) {
    this.#pens.slice(1).forEach((pen, n) => {
      const step = 2 ** (n + 1);
      const [x, y] = [Math.floor(left / step), Math.floor(top / step)];
      const [width, height] = [Math.ceil(right / step) - x, Math.ceil(bottom / step) - y];
      pen.clearRect(x, y, width, height);
      pen.drawImage(this.#pens[n].canvas, 2 * x, 2 * y, 2 * width, 2 * height, x, y, width, height); // means of four
    });
  }

  /** Draw with a pen whose unit is a pixel of the picture, and `scale` pixels of the screen. */
  draw(pen, scale) {
    const n = Math.min(this.#pens.length - 1, Math.max(0, Math.floor(-Math.log2(scale))));
    const { canvas } = this.#pens[n];
    pen.imageSmoothingEnabled = scale < SQUARES_FROM;
    pen.drawImage(canvas, 0, 0, canvas.width * 2 ** n, canvas.height * 2 ** n);
  }
}
