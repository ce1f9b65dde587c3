/** The API key, if the service needs one: asked for once, stored as long as the tab. */

const KEPT = "cutout-key";
const dialog = document.getElementById("key");
let asking = null;

/** The headers that carry the key. */
export function keyHeaders() {
  const key = sessionStorage.getItem(KEPT);
  return key ? { "X-API-Key": key } : {};
}

/** Ask for a key, and say why; whether one was given. Several calls refused at the same time ask once. */
export function asked(why) {
  asking ??= ask(why).finally(() => (asking = null));
  return asking;
}

async function ask(why) {
  const field = dialog.querySelector("input");
  dialog.querySelector(".key-words").textContent = why;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "use") return false;
  sessionStorage.setItem(KEPT, field.value.trim());
  return true;
}
