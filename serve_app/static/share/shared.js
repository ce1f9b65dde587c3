/** The page of a link to cutouts: each beside the picture that was sent, by one slider for all. */

import { Wipe } from "../bench/wipe.js";
import { download } from "../pictures/pictures.js";

const table = document.getElementById("table");
if (table) show();

function show() {
  const { width, height } = table.dataset;
  const { style } = table.querySelector(".cards");
  style.setProperty("--ratio", width / height);
  style.setProperty("--count", table.querySelectorAll(".card").length);
  const field = document.getElementById("wipe");
  const wipe = new Wipe(field, table);
  for (const stage of table.querySelectorAll(".stage")) wipe.attach(stage);
  for (const link of table.querySelectorAll("a")) link.addEventListener("click", take);
  compare(field.parentElement);
}

/** Download under the name that the page gives: a browser prefers that of the answer. */
async function take(event) {
  const { href, download: name } = event.currentTarget;
  event.preventDefault();
  const response = await fetch(href);
  if (response.ok) download(await response.blob(), name);
  else location.reload(); // the page says what has become of it
}

/** Offer the slider where the browser shows the picture as the service has read it: it reads no HEIC or TIFF, for one. */
async function compare(label) {
  const before = table.querySelector(".before img");
  await before?.decode().catch(() => {});
  const { width, height } = table.dataset;
  const alike = before?.naturalWidth === Number(width) && before.naturalHeight === Number(height);
  table.classList.toggle("alone", !alike);
  label.hidden = !alike;
}
