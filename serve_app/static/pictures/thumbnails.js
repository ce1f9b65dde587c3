/** Small pictures, for lists of many. */

import { shrunk, sizeOf, within } from "./canvas.js";

const SIDE_PX = 320;
const CUTOUT = { type: "image/png" }; // WebP takes six times as long
const PHOTOGRAPH = { type: "image/jpeg", quality: 0.8 };
let last = Promise.resolve(); // one at a time: a large photograph takes much memory while it is decoded
let later = Promise.resolve();

/** A small PNG of a cutout, a blob, at most SIDE_PX wide and high; null where the browser cannot show it. */
export const thumbnail = (blob) => queued(blob, CUTOUT);

/** A small JPEG of a photograph, after those that others wait for; null also if `isWanted()` is false when its turn comes. */
export function thumbnailLater(blob, isWanted) {
  later = later.then(() => (isWanted() ? queued(blob, PHOTOGRAPH) : null));
  return later;
}

function queued(blob, file) {
  last = last.then(() => small(blob, file));
  return last;
}

async function small(blob, file) {
  const pen = await shrunk(blob, within(await sizeOf(blob), SIDE_PX));
  return pen && pen.canvas.convertToBlob(file);
}
