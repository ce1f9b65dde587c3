/** The picture that is mended: its matte, its colours, and what is shown of both. */

import { History } from "./history.js";
import { Levels } from "./levels.js";
import { Matte } from "./matte.js";
import { Stroke } from "./stroke.js";

const FAINT = 16; // a canvas keeps too little of a colour under an alpha below this

/**
 * A painting of `cutout`, `photo` (null: unknown) and `others`, all of `size`; each is a blob, others by index from 1.
 *
 * Colours are the cutout's own, with the old background taken out of its soft edge, wherever the matte is no higher
 * than the cutout's alpha. Where the brush keeps more, they go over to the photograph's, which they are where nothing
 * shows through. What is taken from another cutout has that one's colours. So a screen shows what the service makes
 * when it estimates colours anew from the photograph under the new matte, but for the softest pixels.
 */
export class Painting {
  #cutouts = new Map(); // index -> pen
  #history;
  #stroke = null;

  static async open({ width, height }, cutout, photo) {
    const bitmaps = await Promise.all([createImageBitmap(cutout), photo && createImageBitmap(photo)]);
    const painting = new Painting({ width, height }, ...bitmaps);
    for (const bitmap of bitmaps) bitmap?.close();
    return painting;
  }

  constructor(size, cutout, photo) {
    this.size = size;
    this.photo = photo && new Levels(photo, size, true);
    this.shown = new Levels(cutout, size);
    this.#cutouts.set(0, penOf(cutout, size));
    this.matte = new Matte(size.width, size.height, this.#alpha(0));
    this.#history = new History(this.matte);
  }

  /** Whether there is anything to undo, and to do again; nothing is while a stroke is drawn. */
  get can() {
    return this.#history.can;
  }

  /** Make another cutout ready to be taken from; gives its alpha. */
  async other(index, blob) {
    if (!this.#cutouts.has(index)) {
      const bitmap = await createImageBitmap(blob);
      this.#cutouts.set(index, penOf(bitmap, this.size));
      bitmap.close();
    }
    return this.#alpha(index);
  }

  /** Begin a stroke that leads to `aim`; see Stroke. */
  begin(aim) {
    this.#stroke = new Stroke(this.matte, aim);
    return this.#stroke;
  }

  /** The stroke has ended; it can be undone. */
  end() {
    const { before } = this.#stroke;
    if (before.size) this.#history.push(before);
    this.#stroke = null;
  }

  /** The stroke was none; gives the box that is to be shown anew. */
  cancel() {
    const box = this.#stroke.cancel();
    this.#stroke = null;
    return box;
  }

  /** Take the last stroke back; gives the box that changed. */
  undo() {
    return this.show(this.#history.undo());
  }

  /** Do it again; gives the box that changed. */
  redo() {
    return this.show(this.#history.redo());
  }

  /** Bring what has changed in `box` to what is shown; gives the box that was drawn. */
  show(box) {
    if (!box) return null;
    const { step } = this.shown;
    const drawn = this.matte.within({
      left: Math.floor(box.left / step) * step, top: Math.floor(box.top / step) * step,
      right: Math.ceil(box.right / step) * step, bottom: Math.ceil(box.bottom / step) * step,
    });
    this.shown.put(this.#pixels(drawn), drawn.left, drawn.top);
    return drawn;
  }

  #pixels(box) {
    const width = box.right - box.left;
    const pixels = new ImageData(width, box.bottom - box.top);
    const read = (pen) => pen.getImageData(box.left, box.top, width, pixels.height).data;
    const photo = this.photo && read(this.photo.pen);
    const cutouts = new Map();
    for (let y = 0; y < pixels.height; y++) {
      const row = (box.top + y) * this.matte.width + box.left;
      for (let x = 0; x < width; x++) {
        const alpha = this.matte.alpha[row + x];
        if (!alpha) continue;
        const index = this.matte.sources[row + x];
        let cutout = cutouts.get(index);
        if (!cutout) cutouts.set(index, (cutout = read(this.#cutouts.get(index))));
        colour(pixels.data, (y * width + x) * 4, alpha, cutout, photo);
      }
    }
    return pixels;
  }

  #alpha(index) {
    const { width, height } = this.size;
    const alpha = new Uint8Array(width * height);
    const { data } = this.#cutouts.get(index).getImageData(0, 0, width, height);
    for (let i = 0; i < alpha.length; i++) alpha[i] = data[i * 4 + 3];
    return alpha;
  }
}

/** Write one pixel: its alpha, and its colour between the cutout's and the photograph's. */
function colour(into, at, alpha, cutout, photo) {
  const own = cutout[at + 3];
  let part = 0; // of the photograph
  if (photo && alpha > own) part = own < FAINT ? 1 : (alpha - own) / (255 - own);
  for (let band = at; band < at + 3; band++) {
    into[band] = part ? cutout[band] + (photo[band] - cutout[band]) * part : cutout[band];
  }
  into[at + 3] = alpha;
}

function penOf(bitmap, { width, height }) {
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return pen;
}
