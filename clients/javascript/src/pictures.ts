/** Pictures and the other fields of a request -> its content. */
import { type Content, jsonContent } from "./connection.js";
import { CutoutError } from "./errors.js";

/** A picture file's bytes. */
export type Bytes = Blob | ArrayBuffer | Uint8Array;
/** A picture file's bytes, or an http(s) address that the service fetches. */
export type Picture = Bytes | URL | string;

/** The body with a picture. Fields that are undefined or null are left out; a list becomes repeated fields. */
export function pictureForm(picture: Picture, fields: object): FormData {
  return isAddress(picture) ? form({ image_url: picture.toString(), ...fields }) : form({ image: picture, ...fields });
}

/** The body without a picture. */
export function form(fields: object): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) append(body, name, one);
  }
  return body;
}

/** The content of a request for a batch: files under their own names; or addresses, or what `fields` name, as JSON. */
export async function batchContent<F extends { background?: string | Bytes | null }>(
  pictures: readonly Picture[], fields: F,
): Promise<Content> {
  const addresses = pictures.filter(isAddress).map(String);
  const files = pictures.filter((one): one is Bytes => !isAddress(one));
  if (addresses.length && files.length) throw new CutoutError("validation_error", "Either files or addresses expected");
  if (!files.length) {
    const background = fields.background && (await asText(fields.background));
    return jsonContent({ ...fields, image_urls: addresses.length ? addresses : undefined, background });
  }
  const body = form(fields);
  files.forEach((one, index) => body.append("images", asBlob(one), nameOf(one) ?? `picture-${index + 1}`));
  return { body };
}

/** Throws for a text that is no address. */
function isAddress(picture: Picture): picture is URL | string {
  if (typeof picture !== "string" && !(picture instanceof URL)) return false;
  if (/^https?:/.test(String(picture))) return true;
  const given = JSON.stringify(picture);
  throw new CutoutError(
    "validation_error", `A picture is its bytes or an http(s) address, not ${given}: read the file first`,
  );
}

function append(body: FormData, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value === "object") body.append(name, asBlob(value), name);
  else body.append(name, String(value));
}

function asBlob(value: object): Blob {
  return value instanceof Blob ? value : new Blob([value as BlobPart]);
}

/** The name of a `File`, with its folders where a browser knows them. */
function nameOf(picture: object): string | undefined {
  const { webkitRelativePath, name } = picture as Partial<File>;
  return webkitRelativePath || name;
}

/** A colour as it is; bytes in base64. */
async function asText(background: string | Bytes): Promise<string> {
  if (typeof background === "string") return background;
  let characters = "";
  for (const byte of new Uint8Array(await asBlob(background).arrayBuffer())) characters += String.fromCharCode(byte);
  return btoa(characters);
}
