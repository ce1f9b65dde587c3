/** A zip file whose members are stored as they are: PNG is compressed already. PKWARE's APPNOTE.TXT 4.3. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const UTF8 = 0x0800; // a flag: names are UTF-8
const DATE = 0x0021; // 1980-01-01, the first that the format has

/** The archive of `[name, blob]` members, each under 4 GiB. */
export async function zip(members) {
  const files = [];
  const directory = [];
  let offset = 0;
  for (const [name, blob] of members) {
    const text = new TextEncoder().encode(name);
    const bytes = new Uint8Array(await blob.arrayBuffer()); // read for the checksum alone, and not kept
    // Flags, method "stored", time, date, checksum, both sizes, length of the name, no extra field.
    const facts = [UTF8, 0, 0, DATE, crc32(bytes), bytes.length, bytes.length, text.length, 0];
    files.push(record("42 2222 444 22", 0x04034b50, 20, ...facts), text, blob);
    directory.push(record("422 2222 444 22 222 44", 0x02014b50, 20, 20, ...facts, 0, 0, 0, 0, offset), text);
    offset += 30 + text.length + bytes.length;
  }
  const length = directory.reduce((total, part) => total + part.length, 0);
  const end = record("4 22 22 44 2", 0x06054b50, 0, 0, members.length, members.length, length, offset, 0);
  return new Blob([...files, ...directory, end], { type: "application/zip" });
}

/** Little-endian integers, each as many bytes long as its digit of `widths` says. */
function record(widths, ...values) {
  const digits = widths.replaceAll(" ", "");
  const bytes = [];
  values.forEach((value, i) => {
    for (let at = 0; at < Number(digits[i]); at++) bytes.push((value >>> (8 * at)) & 255);
  });
  return Uint8Array.from(bytes);
}

/** The checksum of zip and PNG files. ISO 3309. */
export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}
