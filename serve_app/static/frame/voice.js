/** Messages: to screen readers only, or in the banner, to everybody. */

const said = document.getElementById("said");
const banner = document.getElementById("banner");

/** A message for screen readers about what has changed. */
export function say(text) {
  said.textContent = text;
}

/** Show an error until the next action; a notice is shown without the alert role. */
export function tell(text, kind = "fault") {
  banner.textContent = text;
  banner.dataset.kind = kind;
  banner.hidden = !text;
}

/** Remove the message, or only one of `kind`. */
export function hush(kind = banner.dataset.kind) {
  if (banner.dataset.kind === kind) tell("");
}
