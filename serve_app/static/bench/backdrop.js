/** The backdrop of every cutout: a checkerboard, white, black or any colour. */

const COLOURS = { checker: "#ffffff", white: "#ffffff", black: "#000000" };

/** The colour behind every cutout of `board`; a checkerboard is none, and counts as white. */
export const behindColour = (board) => COLOURS[board.dataset.behind] ?? board.style.getPropertyValue("--colour");

/** Joins the swatches to `board`. */
export function watchBackdrop(field, colour, board) {
  const set = (behind) => {
    board.dataset.behind = behind;
    colour.classList.toggle("chosen", behind === "colour");
  };
  field.addEventListener("change", (event) => {
    if (event.target.name === "behind") set(event.target.value);
  });
  // A click on the colour uses it as it is; its own dialog then changes it.
  for (const kind of ["click", "input"]) {
    colour.addEventListener(kind, () => {
      for (const radio of field.querySelectorAll("[name=behind]")) radio.checked = false;
      board.style.setProperty("--colour", colour.value);
      set("colour");
    });
  }
}
