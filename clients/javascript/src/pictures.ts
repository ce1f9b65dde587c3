/** A picture and the other fields of a request -> its body. */

/** A picture file's bytes. */
export type Bytes = Blob | ArrayBuffer | Uint8Array;
/** A picture file's bytes, or an http(s) address that the service fetches. */
export type Picture = Bytes | URL | string;

/** The body with a picture. Fields that are undefined or null are left out; a list becomes repeated fields. */
export function pictureForm(picture: Picture, fields: object): FormData {
  if (typeof picture !== "string" && !(picture instanceof URL)) return form({ image: picture, ...fields });
  if (/^https?:/.test(String(picture))) return form({ image_url: String(picture), ...fields });
  throw new TypeError(`A picture is its bytes or an http(s) address, not ${JSON.stringify(picture)}: read the file first`);
}

/** The body without a picture. */
export function form(fields: object): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) append(body, name, one);
  }
  return body;
}

function append(body: FormData, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value === "object") body.append(name, value instanceof Blob ? value : new Blob([value as BlobPart]), name);
  else body.append(name, String(value));
}
