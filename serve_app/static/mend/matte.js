/**
 * The matte that is mended: a plane of bytes of its own, since a canvas loses what lies under a low alpha.
 *
 * A second plane says from which cutout each pixel has its colour. Strokes, undo and redo work on tiles, so that their
 * memory follows what was painted and not the size of the picture.
 */

const TILE_PX = 256;

/** Alpha of a picture, 0 to 255, row by row; `sources` has the index of the cutout that a pixel's colour is from. */
export class Matte {
  #columns;

  constructor(width, height, alpha) {
    Object.assign(this, { width, height, alpha, sources: new Uint8Array(alpha.length) });
    this.#columns = Math.ceil(width / TILE_PX);
  }

  /** The part of `box` that lies in the picture; null where none does. A box is {left, top, right, bottom}, in pixels. */
  within({ left, top, right, bottom }) {
    const box = {
      left: Math.max(0, Math.floor(left)), top: Math.max(0, Math.floor(top)),
      right: Math.min(this.width, Math.ceil(right)), bottom: Math.min(this.height, Math.ceil(bottom)),
    };
    return box.left < box.right && box.top < box.bottom ? box : null;
  }

  /** Number and box of every tile that `box`, a part of the picture, touches. */
  *tiles({ left, top, right, bottom }) {
    for (let row = Math.floor(top / TILE_PX); row * TILE_PX < bottom; row++) {
      for (let column = Math.floor(left / TILE_PX); column * TILE_PX < right; column++) {
        const number = row * this.#columns + column;
        yield { number, box: this.box(number) };
      }
    }
  }

  /** The box of a tile; those at the right and the bottom are smaller. */
  box(number) {
    const left = (number % this.#columns) * TILE_PX;
    const top = Math.floor(number / this.#columns) * TILE_PX;
    return { left, top, right: Math.min(this.width, left + TILE_PX), bottom: Math.min(this.height, top + TILE_PX) };
  }

  /**
   * A part of it, smaller: `{width, height, alpha, sources}`, one pixel for `grain` by `grain`, its alpha their mean. The
   * left and top of the box are multiples of that.
   */
  part(box, grain) {
    const width = Math.ceil((box.right - box.left) / grain);
    const height = Math.ceil((box.bottom - box.top) / grain);
    const alpha = new Uint8Array(width * height);
    const sources = new Uint8Array(alpha.length);
    for (let i = 0, top = box.top; top < box.bottom; top += grain) {
      for (let { left } = box; left < box.right; left += grain, i++) {
        const at = top * this.width + left;
        alpha[i] = grain === 1 ? this.alpha[at] : this.#mean(left, top, grain);
        sources[i] = this.sources[at];
      }
    }
    return { width, height, alpha, sources };
  }

  /** A copy of a tile. */
  copy(number) {
    const { left, top, right, bottom } = this.box(number);
    const width = right - left;
    const alpha = new Uint8Array(width * (bottom - top));
    const sources = new Uint8Array(alpha.length);
    for (let y = top; y < bottom; y++) {
      const from = y * this.width + left;
      alpha.set(this.alpha.subarray(from, from + width), (y - top) * width);
      sources.set(this.sources.subarray(from, from + width), (y - top) * width);
    }
    return { alpha, sources };
  }

  /** Write a copy back to its tile. */
  paste(number, { alpha, sources }) {
    const { left, top, right, bottom } = this.box(number);
    const width = right - left;
    for (let y = top; y < bottom; y++) {
      const at = (y - top) * width;
      this.alpha.set(alpha.subarray(at, at + width), y * this.width + left);
      this.sources.set(sources.subarray(at, at + width), y * this.width + left);
    }
  }

  #mean(left, top, side) {
    const [right, bottom] = [Math.min(this.width, left + side), Math.min(this.height, top + side)];
    let sum = 0;
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += this.alpha[y * this.width + x];
    return Math.round(sum / ((right - left) * (bottom - top)));
  }
}

/** The smallest box around two; either may be null. */
export function around(a, b) {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom),
  };
}
