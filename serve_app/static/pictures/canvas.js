/**
 * Canvases: all of the page's are made here, but for those in the markup, which are as large as they are shown.
 *
 * On iOS and iPadOS one of more than 16.7 megapixels stays empty, or cannot be made. So a picture that is only looked at
 * comes to a canvas by `shrunk`, which the browser decodes to the size that is needed; one whose own pixels are needed
 * comes by mend/room.js, in bands where one canvas does not take it.
 */

import { Picture } from "./pictures.js";

/** A pen on a new canvas. */
export const penOn = (width, height) => new OffscreenCanvas(width, height).getContext("2d");

/** A pen on a new canvas whose pixels are read, which wants memory near the processor. */
export const readPen = (width, height) => new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });

/** A size, no side of which is longer than `longest`. */
export function within({ width, height }, longest) {
  const shrink = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * shrink)), height: Math.max(1, Math.round(height * shrink)) };
}

/** A pen, made by `penOf`, with a blob's picture at a size that is smaller than its own; null where it cannot be shown. */
export async function shrunk(blob, { width, height }, penOf = penOn) {
  const resized = { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" };
  const bitmap = await createImageBitmap(blob, resized).catch(() => null);
  if (!bitmap) return null;
  const pen = penOf(width, height);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return pen;
}

/** The size at which the browser shows a blob; 0 by 0 when it cannot. */
export async function sizeOf(blob) {
  const picture = new Picture(blob);
  const size = await picture.shownSize();
  picture.release();
  return size;
}
