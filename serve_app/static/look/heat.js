/** Where the cutouts of a picture differ, as a map of colours. */

import { readPen, shrunk, within } from "../pictures/canvas.js";

const LONGEST_PX = 1600; // of the map: more is not seen, and 8 cutouts of 12 megapixels would take a second
const CLEAR = 64; // of 255: from here on somebody sees that two cutouts differ

/** matplotlib's "inferno" (CC0), every ninth of it: equal steps of difference look equally far apart. */
const STOPS = [
  [0, 0, 4], [27, 12, 65], [74, 12, 107], [120, 28, 109], [165, 44, 96],
  [207, 68, 70], [237, 105, 37], [251, 155, 6], [247, 209, 61], [252, 255, 164],
];
const FADE = 3; // the map is opaque from a third of the largest difference on

/** The map of cutouts, blobs of one picture of `size`: `{image, share}`, share being the part that clearly differs, 0 to 1. */
export async function heatOf(blobs, size) {
  const { width, height } = within(size, LONGEST_PX);
  const sums = new Float32Array(width * height);
  const squares = new Float32Array(width * height);
  for (const blob of blobs) add(await alphaOf(blob, width, height), sums, squares);
  return painted(spread(sums, squares, blobs.length), width, height);
}

async function alphaOf(blob, width, height) {
  const pen = await shrunk(blob, { width, height }, readPen);
  return pen.getImageData(0, 0, width, height).data;
}

function add(pixels, sums, squares) {
  for (let i = 0; i < sums.length; i++) {
    const alpha = pixels[4 * i + 3];
    sums[i] += alpha;
    squares[i] += alpha * alpha;
  }
}

/** Twice the standard deviation of alpha: 0 where all are equal, 255 where half keep what the other half removes. */
function spread(sums, squares, count) {
  return Uint8ClampedArray.from(sums, (sum, i) => 2 * Math.sqrt(Math.max(0, squares[i] / count - (sum / count) ** 2)));
}

function painted(values, width, height) {
  const image = new ImageData(width, height);
  let clear = 0;
  values.forEach((value, i) => {
    image.data.set(COLOURS[value], 4 * i);
    if (value >= CLEAR) clear++;
  });
  return { image, share: clear / values.length };
}

const COLOURS = Array.from({ length: 256 }, (_, value) => {
  const at = (value / 255) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  const mixed = STOPS[low].map((from, band) => from + (STOPS[low + 1][band] - from) * (at - low));
  return [...mixed, Math.min(255, value * FADE)];
});
