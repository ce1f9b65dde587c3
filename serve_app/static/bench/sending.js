/** What is said while an entry is sent, and its original beside what comes back. */

import { bytes } from "../frame/words.js";

/** What to say while an entry's service has not started. */
export function slowWords({ jobId, source, name }) {
  if (jobId) return `Opening ${name} …`;
  return typeof source === "string" ? `Fetching ${name} …` : `Sending ${name}, ${bytes(source.size)} …`;
}

/**
 * The original, where the browser shows it, and at the size that the service has read. It does not where it cannot read
 * the format, as HEIC and TIFF, or holds the picture another way: then the two are not to be compared.
 */
export async function alike(original, seen, { input_dimensions }) {
  if (!original) return null;
  const { width, height } = await seen;
  if (width === input_dimensions.width && height === input_dimensions.height) return original;
  original.release();
  return null;
}
