/** The pictures that were sent lately, a run of many as one. */

import { addressOf } from "../frame/views.js";
import { count, when } from "../frame/words.js";
import { entries, forget } from "../kept/store.js";
import { Picture } from "../pictures/pictures.js";

const MOST = 24;
const section = document.getElementById("recent");
const list = section.querySelector("ol");
const shown = [];

/** Show them; a run or a picture of its own is one item. */
export async function showRecent() {
  const groups = grouped((await entries()).filter((entry) => entry.jobId || entry.run));
  for (const picture of shown.splice(0)) picture.release();
  section.hidden = !groups.length;
  list.replaceChildren(...groups.slice(0, MOST).map(item));
}

function grouped(all) {
  const groups = new Map();
  for (const entry of all) {
    const id = entry.run ?? entry.key;
    groups.set(id, [...(groups.get(id) ?? []), entry]);
  }
  return [...groups.values()];
}

function item(group) {
  const newest = group.find((entry) => entry.thumb) ?? group[0];
  const name = newest.run ? count(group.length, "picture") : newest.name;
  const row = document.getElementById("recent-template").content.cloneNode(true).firstElementChild;
  const link = row.querySelector("a");
  link.href = newest.run ? addressOf("many", newest.run) : addressOf("picture", newest.key);
  row.querySelector(".recent-name").textContent = name;
  row.querySelector(".recent-when").textContent = when(newest.created);
  if (newest.thumb) {
    const picture = new Picture(newest.thumb);
    shown.push(picture);
    row.querySelector("img").src = picture.url;
  }
  const remove = row.querySelector("button");
  remove.ariaLabel = `Delete ${name}, ${when(newest.created)}`;
  remove.addEventListener("click", async () => {
    await Promise.all(group.map(forget));
    await showRecent();
  });
  return row;
}
