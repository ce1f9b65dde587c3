/** One stroke: what it covers so far, and the matte as it was before. */

import { around } from "./matte.js";

const HALF = 128;

/**
 * A stroke over `matte`. `aim` is what it leads to where it covers fully: `{alpha, source}`, with alpha a number, or the
 * plane of another cutout, and source the index of that cutout, or null where colours stay from where they were.
 *
 * A pixel that is covered several times counts once, by the most: so a soft edge stays as soft however often the brush
 * passes, and the result does not depend on how many events the pointer sent.
 */
export class Stroke {
  #aim;
  #tiles = new Map(); // number -> {before, coverage}

  constructor(matte, aim) {
    this.matte = matte;
    this.#aim = aim;
  }

  /** The tiles that it changed, as they were before: number -> copy. */
  get before() {
    return new Map([...this.#tiles].map(([number, { before }]) => [number, before]));
  }

  /** Cover `box`: `row(y, left, right, into)` writes a row's coverage, 0 to 255, or gives false for none. Gives the box that changed. */
  cover(box, row) {
    const inside = this.matte.within(box);
    if (!inside) return null;
    for (const tile of this.matte.tiles(inside)) this.#coverTile(tile, inside, row);
    return inside;
  }

  /** Put everything back. Gives the box that changed. */
  cancel() {
    let box = null;
    for (const [number, { before }] of this.#tiles) {
      this.matte.paste(number, before);
      box = around(box, this.matte.box(number));
    }
    return box;
  }

  #coverTile({ number, box }, inside, row) {
    const left = Math.max(box.left, inside.left);
    const right = Math.min(box.right, inside.right);
    const line = new Uint8Array(right - left);
    for (let y = Math.max(box.top, inside.top); y < Math.min(box.bottom, inside.bottom); y++) {
      if (!row(y, left, right, line)) continue;
      const within = (y - box.top) * (box.right - box.left) + left - box.left;
      this.#blend(line, this.#kept(number), within, y * this.matte.width + left);
    }
  }

  #kept(number) {
    let kept = this.#tiles.get(number);
    if (!kept) {
      const before = this.matte.copy(number);
      kept = { before, coverage: new Uint8Array(before.alpha.length) };
      this.#tiles.set(number, kept);
    }
    return kept;
  }

  /** Lead a row's pixels from what they were to the aim, as far as they are covered. */
  #blend(line, { before, coverage }, within, at) {
    const { alpha, sources } = this.matte;
    const { alpha: aim, source } = this.#aim;
    const plane = typeof aim === "number" ? null : aim;
    for (let i = 0; i < line.length; i++) {
      const covered = line[i];
      if (covered <= coverage[within + i]) continue;
      coverage[within + i] = covered;
      const was = before.alpha[within + i];
      alpha[at + i] = was + Math.round((((plane ? plane[at + i] : aim) - was) * covered) / 255);
      if (source !== null && covered >= HALF) sources[at + i] = source;
    }
  }
}
