/** Undo and redo: for each stroke its tiles as they were, within a bound of memory. */

import { around } from "./matte.js";

const MOST_BYTES = 128 * 2 ** 20; // a thousand tiles; the oldest strokes are forgotten beyond

/** The strokes on `matte` that can be undone and done again. */
export class History {
  #matte;
  #done = [];
  #undone = [];

  constructor(matte) {
    this.#matte = matte;
  }

  /** Whether there is anything to undo, and to do again. */
  get can() {
    return { undo: this.#done.length > 0, redo: this.#undone.length > 0 };
  }

  /** A stroke has ended: `tiles` are as they were before it, number -> copy. */
  push(tiles) {
    this.#undone = [];
    this.#done.push(tiles);
    while (this.#done.length > 1 && size(this.#done) > MOST_BYTES) this.#done.shift();
  }

  /** Take the last stroke back. Gives the box that changed, or null. */
  undo() {
    return this.#move(this.#done, this.#undone);
  }

  /** Do the last stroke that was taken back again. Gives the box that changed, or null. */
  redo() {
    return this.#move(this.#undone, this.#done);
  }

  #move(from, to) {
    const tiles = from.pop();
    if (!tiles) return null;
    let box = null;
    const now = new Map();
    for (const [number, copy] of tiles) {
      now.set(number, this.#matte.copy(number));
      this.#matte.paste(number, copy);
      box = around(box, this.#matte.box(number));
    }
    to.push(now);
    return box;
  }
}

function size(strokes) {
  let bytes = 0;
  for (const tiles of strokes) for (const { alpha } of tiles.values()) bytes += 2 * alpha.length;
  return bytes;
}
