/** Accepts pictures: dropped anywhere, alone or in folders, pasted, chosen, or one by its address. */

import { WANTED, isPicture } from "../pictures/pictures.js";
import { tell } from "./voice.js";
import { count } from "./words.js";

/** Most pictures at once. */
export const MOST = 200;

/**
 * Calls `taken(files)` with one picture or more, and `fetched(address)` for an address; `form` is the form that takes
 * one. `input` is the hidden file field that every .choose-file button opens.
 */
export function watchIntake(input, form, taken, fetched) {
  const take = async (given) => {
    const are = await Promise.all(given.map(isPicture));
    const pictures = given.filter((_, i) => are[i]);
    if (!pictures.length) return tell(`This is not a picture: ${WANTED} is expected.`);
    await taken(pictures.slice(0, MOST));
    tellLeftOut(given.length - pictures.length, pictures.length - MOST);
  };

  for (const button of document.querySelectorAll(".choose-file")) button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    if (!files.length) return;
    if (!isText(event.clipboardData)) take([...files]);
    else if (!event.target.closest?.("input, textarea")) {
      tell("Text was pasted, not a picture: copy the picture itself, or drop its file.", "notice");
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fetched(form.elements.url.value);
  });
  watchDrops(take);
}

function tellLeftOut(others, beyond) {
  const words = [];
  if (others) words.push(`${count(others, "file")} left out: not ${others === 1 ? "a picture" : "pictures"}.`);
  if (beyond > 0) words.push(`${count(beyond, "picture")} left out: at most ${MOST} at once.`);
  if (words.length) tell(words.join(" "), "notice");
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
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    over(false);
    const { files, items } = event.dataTransfer;
    const dropped = [...files]; // the browser empties its lists when the event is over
    const folders = [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    if (!folders.length) return dropped.length && take(dropped);
    const names = folders.map(({ name }) => name);
    const inside = await Promise.all(folders.map(filesIn));
    take([...dropped.filter(({ name }) => !names.includes(name)), ...inside.flat()]);
  });
}

/** The files of a dropped folder and the folders in it; hidden ones are not meant. */
async function filesIn(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break; // a browser gives a hundred at a time
    found.push(...some.filter(({ name }) => !name.startsWith(".")));
  }
  const files = await Promise.all(found.map((one) => (one.isDirectory ? filesIn(one) : fileOf(one))));
  return files.flat();
}

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
