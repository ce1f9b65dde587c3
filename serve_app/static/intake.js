/** How a picture comes in: dropped anywhere, pasted, chosen, or by its address. */

import { tell } from "./voice.js";

/** Calls `taken(picture)` for each, a file or an address; `address` is the form that takes one. `input` is the hidden file field that every .choose-file button opens. */
export function watchIntake(input, address, taken) {
  const take = (files) => {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    if (!pictures.length) return tell("A picture file is expected: PNG, JPEG or WebP.");
    taken(pictures[0]);
    if (files.length > 1) tell(`One picture at a time: ${pictures[0].name} was taken.`, "notice");
  };

  for (const button of document.querySelectorAll(".choose-file")) button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) take(event.clipboardData.files);
  });
  address.addEventListener("submit", (event) => {
    event.preventDefault();
    taken(address.elements.url.value);
  });
  watchDrops(take);
}

function watchDrops(take) {
  const over = (yes) => document.body.classList.toggle("dropping", yes);
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // else the browser opens the picture instead of the page
    over(event.dataTransfer.types.includes("Files"));
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) over(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    take(event.dataTransfer.files);
  });
}
