/** Small pictures, for lists of many. */

const SIDE_PX = 320;
let last = Promise.resolve(); // one at a time: a large photograph takes much memory while it is decoded

/** A small WebP or PNG of a picture's blob, at most SIDE_PX wide and high; null where the browser cannot show it. */
export function thumbnail(blob) {
  last = last.then(() => small(blob));
  return last;
}

async function small(blob) {
  const whole = await createImageBitmap(blob).catch(() => null);
  if (!whole) return null;
  const scale = Math.min(1, SIDE_PX / Math.max(whole.width, whole.height));
  const width = Math.max(1, Math.round(whole.width * scale));
  const height = Math.max(1, Math.round(whole.height * scale));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.85));
}
