/** What the page tells: quietly, to screen readers; or in the banner, to everybody. */

const said = document.getElementById("said");
const banner = document.getElementById("banner");

/** For who cannot see what just changed. */
export function say(text) {
  said.textContent = text;
}

/** What went wrong, in words, until the next thing begins; a notice is the same without the alarm. */
export function tell(text, kind = "fault") {
  banner.textContent = text;
  banner.dataset.kind = kind;
  banner.hidden = !text;
}

/** Take back what was told; or only what was told as `kind`. */
export function hush(kind = banner.dataset.kind) {
  if (banner.dataset.kind === kind) tell("");
}
