/** An 8-bit grey PNG; a canvas writes none. W3C, Portable Network Graphics, third edition. */

import { crc32 } from "../pictures/archive.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const UP = 2; // the filter: a mask's rows are like the ones above

/** The file of a plane of bytes, row by row. */
export async function greyPng(width, height, plane) {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    const at = y * (width + 1);
    rows[at] = UP;
    for (let x = 0; x < width; x++) rows[at + 1 + x] = plane[y * width + x] - (y ? plane[(y - 1) * width + x] : 0);
  }
  const deflated = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const header = new Uint8Array(13); // width, height, 8 bits, grey, and three zeros
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8;
  const data = new Uint8Array(await new Response(deflated).arrayBuffer());
  const chunks = [chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array())];
  return new Blob([SIGNATURE, ...chunks], { type: "image/png" });
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
