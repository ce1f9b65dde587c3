/** The controls of the finish as fields of the service's API; docs/pictures.md describes each. */

const TYPES = { png: "image/png", jpeg: "image/jpeg", webp: "image/webp", avif: "image/avif" };
const ENDINGS = { jpeg: "jpg" };
const WHITE = "white";

/**
 * What the controls say: `fields` of compose, the media `type` of the file and the `ending` of its name, and the `values`
 * of the controls, for `restore`.
 */
export function finishOf(form) {
  const format = form.elements.format.value;
  return { fields: fieldsOf(form), type: TYPES[format], ending: ENDINGS[format] ?? format, values: taken(form) };
}

/** The fields of compose; what is at its default is left out. A JPEG has a background: it has no transparency. */
function fieldsOf(form) {
  const { canvas, background, colour, picture, crop, margin, shadow, choke, feather, alpha } = form.elements;
  const { factor, sharpness, format, quality } = form.elements;
  const fields = { output_format: format.value };
  const behind = { colour: colour.value, picture: picture.files[0] }[background.value] ?? background.value;
  if (behind && behind !== "picture") fields.background = behind;
  else if (format.value === "jpeg") fields.background = WHITE;
  if (canvas.value) fields.canvas = canvas.value;
  if (fills(form)) fields.fit = "fill";
  if (crop.checked) fields.crop = true;
  if (hasMargin(form) && Number(margin.value)) fields.crop_margin = `${margin.value}%`;
  for (const [name, { value }] of Object.entries({ shadow, edge_choke: choke, edge_feather: feather })) {
    if (Number(value)) fields[name] = value;
  }
  if (alpha.value) fields.alpha = alpha.value;
  if (factor.value) fields.upscale_factor = factor.value;
  if (factor.value && sharpness.value) fields.method = sharpness.value;
  if (format.value !== "png") fields.quality = quality.value;
  return fields;
}

const fills = ({ elements: { canvas, fill } }) => canvas.value && fill.checked;

/** Whether the margin counts: a size that is filled has none. */
export const hasMargin = (form) => !fills(form) && (form.elements.crop.checked || form.elements.canvas.value);

/** Let the controls show a subject on a white square, cut close, as a JPEG: what shops ask for. */
export function fillSquare(form, canvas) {
  form.reset();
  const { elements } = form;
  elements.canvas.value = canvas;
  elements.crop.checked = true;
  elements.background.value = WHITE;
  elements.format.value = "jpeg";
}

/** What the controls show, for `restore`; a chosen file stays chosen. */
const taken = (form) =>
  [...form.elements]
    .filter(({ type }) => !["file", "button"].includes(type))
    .map(({ name, value, checked }) => [name, value, checked]);

/** Let the controls show what they showed. */
export function restore(form, values) {
  for (const [name, value, checked] of values) Object.assign(form.elements[name], { value, checked });
}
