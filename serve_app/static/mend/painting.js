/** The picture that is mended: its matte, its colours, and what is shown of both. */

import { History } from "./history.js";
import { Levels, copyOf } from "./levels.js";
import { Matte } from "./matte.js";
import { decoded, loaded, roomFor } from "./room.js";
import { Stroke } from "./stroke.js";

const FAINT = 16; // a canvas keeps too little of a colour under an alpha below this

/**
 * A painting of `cutout`, `photo` (null: unknown) and others, all of `size`; each is a blob, others by index from 1. What
 * is shown of a picture that no canvas takes is smaller; its matte is not.
 *
 * Colours are the cutout's own, with the old background taken out of its soft edge, wherever the matte is no higher
 * than the cutout's alpha. Where the brush keeps more, they go over to the photograph's, which they are where nothing
 * shows through. What is taken from another cutout has that one's colours. So a screen shows what the service makes
 * when it estimates colours anew from the photograph under the new matte, but for the softest pixels.
 */
export class Painting {
  #cutouts; // index -> {pen, alpha}; of the mended one the pen alone
  #history;
  #stroke = null;

  static async open(size, cutout, photo) {
    const room = roomFor(size);
    const found = await Promise.all([decoded(cutout, size, room), photo && loaded(photo, size, room)]);
    return new Painting(size, room, ...found);
  }

  constructor(size, room, { pen, alpha }, photo) {
    this.size = size;
    this.room = room;
    this.photo = photo && new Levels(photo, room.grain);
    this.shown = new Levels(copyOf(pen.canvas), room.grain);
    this.#cutouts = new Map([[0, { pen }]]);
    this.matte = new Matte(size.width, size.height, alpha);
    this.#history = new History(this.matte);
  }

  /** Whether there is anything to undo, and to do again; nothing is while a stroke is drawn. */
  get can() {
    return this.#history.can;
  }

  /** Make another cutout ready to be taken from; gives its alpha. */
  async other(index, blob) {
    if (!this.#cutouts.has(index)) this.#cutouts.set(index, await decoded(blob, this.size, this.room));
    return this.#cutouts.get(index).alpha;
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
    this.shown.put(this.#pixels(drawn), drawn.left / this.room.grain, drawn.top / this.room.grain);
    return drawn;
  }

  #pixels(box) {
    const { grain } = this.room;
    const { width, height, alpha, sources } = this.matte.part(box, grain);
    const pixels = new ImageData(width, height);
    const read = (pen) => pen.getImageData(box.left / grain, box.top / grain, width, height).data;
    const photo = this.photo && read(this.photo.pen);
    const cutouts = new Map();
    for (let i = 0; i < alpha.length; i++) {
      if (!alpha[i]) continue;
      let cutout = cutouts.get(sources[i]);
      if (!cutout) cutouts.set(sources[i], (cutout = read(this.#cutouts.get(sources[i]).pen)));
      colour(pixels.data, i * 4, alpha[i], cutout, photo);
    }
    return pixels;
  }
}

/** Write one pixel: its alpha, and its colour between the cutout's and the photograph's. */
function colour(into, at, alpha, cutout, photo) {
  const own = cutout[at + 3];
  into[at + 3] = alpha;
  let part = 0; // of the photograph
  if (photo && alpha > own) part = own < FAINT ? 1 : (alpha - own) / (255 - own);
  for (let band = at; band < at + 3; band++) {
    into[band] = part ? cutout[band] + (photo[band] - cutout[band]) * part : cutout[band];
  }
}
