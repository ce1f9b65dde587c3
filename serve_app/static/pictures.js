/** Pictures in memory: bytes once, an address as long as it is shown. */

/** A picture with an object URL, until it is released. */
export class Picture {
  constructor(blob) {
    this.blob = blob;
    this.url = URL.createObjectURL(blob);
  }

  /** Let the browser forget the bytes. */
  release() {
    URL.revokeObjectURL(this.url);
  }
}

/** The picture that a result carries as base64. */
export function pictureOf(base64) {
  const bytes = Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Picture(new Blob([bytes], { type: "image/png" }));
}

/** Hand a file to the browser's downloads. */
export function download(blob, name) {
  const picture = new Picture(blob);
  const link = Object.assign(document.createElement("a"), { href: picture.url, download: name });
  link.click();
  setTimeout(() => picture.release(), 60_000); // browsers read it some time after the click
}

/** A file's name without its ending. */
export const stem = (name) => name.replace(/\.[^.]+$/, "") || "picture";
