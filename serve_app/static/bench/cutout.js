/** A cutout at its own size and, once asked for, enlarged; each picture is made once. */

import { pictureOf } from "../pictures/pictures.js";
import { upscale } from "../service/service.js";

/** One model's cutout. `factor` is the size that is shown: 1, 2 or 4 times the original's on each side. */
export class Cutout {
  #pictures = new Map();
  #size;
  factor = 1;

  constructor(picture, size) {
    this.#pictures.set(1, picture);
    this.#size = size;
  }

  /** The picture at the size chosen. */
  get picture() {
    return this.#pictures.get(this.factor);
  }

  /** The picture at its own size. */
  get plain() {
    return this.#pictures.get(1);
  }

  /** Its width and height, in pixels. */
  get size() {
    return { width: this.#size.width * this.factor, height: this.#size.height * this.factor };
  }

  /** Choose a size; the service enlarges where it is new. */
  async resize(factor) {
    if (!this.#pictures.has(factor)) {
      const answer = await upscale(this.plain.blob, factor);
      this.#pictures.set(factor, pictureOf(answer.image_base64));
    }
    this.factor = factor;
  }

  /** What its file is called. */
  fileName(stem) {
    return `${stem}${this.factor === 1 ? "" : `-${this.factor}x`}.png`;
  }

  /** Release the pictures. */
  release() {
    for (const picture of this.#pictures.values()) picture.release();
  }
}
