/** How much of a picture one canvas takes: on iOS and iPadOS, one of more than 16.7 megapixels stays empty. */

import { readPen } from "../pictures/canvas.js";

const MOST_GRAIN = 64; // more than any picture needs

/**
 * Room for a picture: `{grain, rows}`. A canvas has one pixel for `grain` by `grain` of the picture's, 1 where it takes
 * the whole, and a band of the picture's own pixels on a canvas has `rows` rows.
 */
export function roomFor({ width, height }) {
  let grain = 1;
  while (grain < MOST_GRAIN && !takes(Math.ceil(width / grain), Math.ceil(height / grain))) grain *= 2;
  return { grain, rows: Math.max(grain, Math.floor(height / grain ** 3) * grain) };
}

/** A pen on a canvas with a picture: a blob of `size`, as large as `room` has it. `read(pen, top, rows)` reads each band. */
export async function loaded(blob, { width, height }, { grain, rows }, read = () => {}) {
  const pen = readPen(Math.ceil(width / grain), Math.ceil(height / grain));
  for (let top = 0; top < height; top += rows) {
    const deep = Math.min(rows, height - top);
    const bitmap = await (deep === height ? createImageBitmap(blob) : createImageBitmap(blob, 0, top, width, deep));
    const band = grain === 1 ? pen : readPen(width, deep);
    band.drawImage(bitmap, 0, 0);
    bitmap.close();
    read(band, top, deep);
    if (band !== pen) pen.drawImage(band.canvas, 0, top / grain, width / grain, deep / grain);
  }
  return pen;
}

/** The same with the alpha of every pixel of the picture, row by row: `{pen, alpha}`. */
export async function decoded(blob, size, room) {
  const alpha = new Uint8Array(size.width * size.height);
  const pen = await loaded(blob, size, room, (band, top, rows) => {
    const { data } = band.getImageData(0, 0, size.width, rows);
    const from = top * size.width;
    for (let i = 0; i < data.length / 4; i++) alpha[from + i] = data[4 * i + 3];
  });
  return { pen, alpha };
}

function takes(width, height) {
  const pen = readPen(width, height);
  try {
    pen.fillRect(width - 1, height - 1, 1, 1);
    return pen.getImageData(width - 1, height - 1, 1, 1).data[3] === 255;
  } catch {
    return false; // some browsers throw where others stay empty
  }
}
