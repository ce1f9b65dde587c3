/** The API key, if the service needs one: asked for once, stored as long as the tab. */

const KEPT = "cutout-key";
const dialog = document.getElementById("key");
let asking = null;

/** The headers that carry the key. */
export function keyHeaders() {
  const key = sessionStorage.getItem(KEPT);
  return key ? { "X-API-Key": key } : {};
}

/** Ask for a key; whether one was given. Several calls refused at the same time ask once. */
export function asked() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  const field = dialog.querySelector("input");
  const wrong = sessionStorage.getItem(KEPT) !== null;
  dialog.querySelector(".key-words").textContent = wrong
    ? "That key is not accepted. Please check it."
    : "Whoever runs this server can give you one.";
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "use") return false;
  sessionStorage.setItem(KEPT, field.value.trim());
  return true;
}
