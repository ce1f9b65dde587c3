/** The keys of the window in which a cutout is mended. */

const TYPED = "select, input:not([type=checkbox], [type=radio], [type=range])";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIZE = 1.2; // a bracket key makes the brush so much larger
const WHEEL = 0.002; // of the logarithm of the size, for a pixel of the wheel
const ZOOM_WHEEL = 0.01; // a pinch on a touchpad comes as a wheel with Ctrl, in small steps
const ZOOM_MOST_PX = 25; // so that a notch of a mouse's wheel is not three times nearer
const LINE_PX = 16;

/** Joins keys and wheel of `dialog` to `mend`. Gives `{shifts}`: whether Space is held, so that a drag shifts the picture. */
export function watchKeys(dialog, mend) {
  const held = { shifts: false };
  const { controls, cursor } = mend;
  const presses = {
    k: () => controls.choose("mode", "keep"),
    e: () => controls.choose("mode", "erase"),
    t: () => controls.choose("mode", "take"),
    b: () => controls.choose("shape", "brush"),
    o: () => controls.choose("shape", "lasso"),
    m: () => controls.choose("seen", mend.view.mask ? "picture" : "mask"),
    l: () => controls.toggle("loupe"),
    "[": () => controls.resize(1 / SIZE),
    "]": () => controls.resize(SIZE),
    "{": () => controls.soften(-1),
    "}": () => controls.soften(1),
    "+": () => mend.zoom("in"),
    "=": () => mend.zoom("in"),
    "-": () => mend.zoom("out"),
    f: () => mend.zoom("fit"),
  };
  dialog.addEventListener("keydown", (event) => {
    if (!mend.painting || event.target.matches(TYPED)) return;
    if (event.key.length === 1 && !event.ctrlKey && !document.getElementById("shortcuts").checked) return;
    if (event.ctrlKey || event.metaKey) return history(event, mend);
    const onStage = event.target === mend.stage;
    if (onStage && event.key === " ") held.shifts = true;
    else if (onStage && ARROWS[event.key]) cursor.step(...ARROWS[event.key]);
    else if (onStage && event.key === "Enter") cursor.press();
    else if (presses[event.key.toLowerCase()] && !event.altKey) presses[event.key.toLowerCase()]();
    else return;
    event.preventDefault();
    event.stopPropagation(); // they mean something else on the page below
  });
  dialog.addEventListener("keyup", (event) => {
    if (event.key === " ") held.shifts = false;
  });
  mend.stage.addEventListener("wheel", (event) => wheel(event, mend), { passive: false });
  return held;
}

function history(event, mend) {
  const key = event.key.toLowerCase();
  if (key === "z" && event.shiftKey) mend.redo();
  else if (key === "z") mend.undo();
  else if (key === "y") mend.redo();
  else if (key === "s") mend.save();
  else return;
  event.preventDefault();
}

/** The wheel changes the brush's size; with Ctrl, as a pinch, it zooms at the pointer. */
function wheel(event, mend) {
  event.preventDefault();
  if (!mend.painting) return;
  const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
  if (event.ctrlKey) mend.view.zoomBy(Math.exp(-ZOOM_WHEEL * Math.max(-ZOOM_MOST_PX, Math.min(ZOOM_MOST_PX, pixels))), event);
  else mend.controls.resize(Math.exp(-pixels * WHEEL));
}
