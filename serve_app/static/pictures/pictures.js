/** Pictures in memory: bytes once, an address as long as it is shown. */

export const WANTED = "PNG, JPEG, WebP, AVIF, HEIC or TIFF";
const HEAD_BYTES = 12;
const BEGINNINGS = [/^\x89PNG/, /^\xff\xd8\xff/, /^RIFF.{4}WEBP/s, /^.{4}ftyp(avi|hei|hev|mif|msf)/s, /^(II\*\0|MM\0\*)/];

/** Whether a file is a picture: by its type or, if that is missing or not a picture's, by its first bytes. */
export async function isPicture(file) {
  if (file.type.startsWith("image/")) return true;
  const head = await file.slice(0, HEAD_BYTES).arrayBuffer().catch(() => new ArrayBuffer(0)); // a folder has no bytes
  const text = String.fromCharCode(...new Uint8Array(head));
  return BEGINNINGS.some((beginning) => beginning.test(text));
}

/** A picture with an object URL, until it is released. */
export class Picture {
  constructor(blob) {
    this.blob = blob;
    this.url = URL.createObjectURL(blob);
  }

  /** The size at which the browser shows it; 0 by 0 when it cannot. */
  async shownSize() {
    const image = Object.assign(new Image(), { src: this.url });
    await new Promise((settled) => Object.assign(image, { onload: settled, onerror: settled }));
    return { width: image.naturalWidth, height: image.naturalHeight };
  }

  /** Release the bytes. */
  release() {
    URL.revokeObjectURL(this.url);
  }
}

/** The last part of an address's path, or its host. */
export function nameOf(address) {
  const { host, pathname } = new URL(address);
  return pathname.split("/").pop() || host;
}

/** The picture that a result carries as base64. */
export function pictureOf(base64) {
  const bytes = Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Picture(new Blob([bytes], { type: "image/png" }));
}

/** Download a file. */
export function download(blob, name) {
  const picture = new Picture(blob);
  const link = Object.assign(document.createElement("a"), { href: picture.url, download: name });
  link.click();
  setTimeout(() => picture.release(), 60_000); // browsers read it some time after the click
}

/** A file's name without its ending. */
export const stem = (name) => name.replace(/\.[^.]+$/, "") || "picture";
