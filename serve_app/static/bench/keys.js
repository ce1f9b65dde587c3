/** The keys of the bench; they do nothing while it is hidden. */

import { canCopy } from "./taking.js";

/** Add them to the shortcuts. */
export function addKeys(shortcuts, bench) {
  const add = (keys, shown, words, press) =>
    shortcuts.add(keys, shown, words, (key) => document.getElementById("bench").checkVisibility() && press(key));
  add([..."123456789"], ["1", "…", "9"], "pick that cutout", (key) => bench.chooseNumber(Number(key)));
  add(["Enter"], ["Enter"], "download your pick", () => bench.taking.take());
  if (canCopy) add(["c"], ["C"], "copy your pick", () => bench.taking.copy());
  add(["0"], ["0"], "none of them is good", () => bench.chooseNone());
  add(["u"], ["U"], "undo", () => bench.pick.undo());
  add(["+", "="], ["+"], "zoom in", () => bench.zoom("in"));
  add(["-"], ["−"], "zoom out", () => bench.zoom("out"));
  add(["f"], ["F"], "show the whole picture", () => bench.zoom("fit"));
  add([], ["←", "↑", "→", "↓"], "move in a picture, or to the next one", () => false);
}
