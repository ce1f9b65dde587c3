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

/** A picture's width and height, in pixels, upright. One that the browser cannot show is for the service to judge. */
export async function measured(picture) {
  const image = Object.assign(new Image(), { src: picture.url });
  await image.decode().catch(() => null);
  return { width: image.naturalWidth || 1, height: image.naturalHeight || 1 };
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
