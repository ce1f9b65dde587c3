/** Accepts a picture: dropped anywhere, pasted, chosen, or by its address. */

import { WANTED, isPicture } from "../pictures/pictures.js";
import { tell } from "./voice.js";

/** Calls `taken(picture)` for each, a file or an address; `address` is the form that takes one. `input` is the hidden file field that every .choose-file button opens. */
export function watchIntake(input, address, taken) {
  const take = async (files) => {
    const given = [...files]; // the browser empties its list when the event is over
    const picture = await first(given);
    if (!picture) return tell(`Choose a picture file: ${WANTED}.`);
    taken(picture);
    if (given.length > 1) tell(`One picture at a time: ${picture.name} is used.`, "notice");
  };

  for (const button of document.querySelectorAll(".choose-file")) button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    if (!files.length) return;
    if (!isText(event.clipboardData)) take(files);
    else if (!event.target.closest?.("input, textarea")) {
      tell("Text was pasted, not a picture: copy the picture itself, or drop its file.", "notice");
    }
  });
  address.addEventListener("submit", (event) => {
    event.preventDefault();
    taken(address.elements.url.value);
  });
  watchDrops(take);
}

async function first(files) {
  for (const file of files) if (await isPicture(file)) return file;
  return null;
}

/** Whether what is pasted is text that brought a picture of itself, as Excel and Word do. A copied file brings its name. */
function isText(data) {
  const text = data.getData("text/plain").trim();
  return Boolean(text) && ![...data.files].some((file) => text.endsWith(file.name));
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
