/** The window in which a link to cutouts is made, for anybody who has it, until it expires. */

import { canCopy } from "../bench/taking.js";
import { count, when } from "../frame/words.js";
import { stem } from "../pictures/pictures.js";
import { share, wordsOf } from "../service/service.js";

const ALL = "all";

/** `button` opens `dialog`, see index.html; `subject` is the picture on the bench. */
export class Share {
  #button;
  #dialog;
  #subject;
  #fields;

  constructor(button, dialog, subject) {
    this.#button = button;
    this.#dialog = dialog;
    this.#subject = subject;
    this.#fields = dialog.querySelector("form").elements;
    for (const kind of ["open", "change"]) subject.addEventListener(kind, () => this.#offer());
    button.addEventListener("click", () => this.open());
    dialog.addEventListener("change", () => this.#tell("", ""));
    this.#fields.copy.addEventListener("click", () => this.#copy());
  }

  /** Open the window; whether there is anything to share. */
  open() {
    if (this.#button.disabled) return false;
    const { results, jobId, chosen } = this.#subject;
    const together = results.filter((one) => one.jobId === jobId); // one that was asked again has a job of its own
    const options = results.map(({ id, name }) => new Option(name, id, false, id === chosen.id));
    if (together.length > 1) options.unshift(new Option(`All ${count(together.length, "cutout")}`, ALL));
    this.#fields.what.replaceChildren(...options);
    this.#tell("", "");
    this.#dialog.showModal();
  }

  /** Nothing is shared before the job has ended, nor while its models' names are hidden. */
  #offer() {
    const { results, summary, blind } = this.#subject;
    this.#button.disabled = !summary || blind || !results.length;
  }

  async #copy() {
    const { copy } = this.#fields;
    const making = this.#make();
    copy.disabled = true;
    try {
      const copied = await copies(making.then(({ link }) => link));
      const { link, until } = await making;
      this.#tell(link, `${copied ? "Copied. It" : "Copy it from here. It"} works until ${when(until)}.`);
    } catch (fault) {
      this.#tell("", `There is no link. ${wordsOf(fault)}`);
    } finally {
      copy.disabled = false;
    }
  }

  async #make() {
    const { what, expires } = this.#fields;
    const { results, jobId, name } = this.#subject;
    const job = what.value === ALL ? jobId : results.find(({ id }) => id === what.value).jobId;
    const fields = { include_models: [what.value], expires_s: Number(expires.value), title: stem(name).slice(0, 100) };
    const { share_url, expires_at } = await share(job, fields);
    return { link: seenHere(share_url), until: expires_at * 1000 };
  }

  #tell(link, words) {
    this.#fields.link.value = link;
    this.#fields.link.parentElement.hidden = !link;
    this.#dialog.querySelector(".share-words").textContent = words;
  }
}

/** Put a text that is yet to come on the clipboard; whether it is there. Browsers want it begun at once after a click. */
async function copies(coming) {
  if (!canCopy) return false;
  const blob = coming.then((text) => new Blob([text], { type: "text/plain" }));
  blob.catch(() => {}); // whoever asked for the link is told why there is none
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]).then(() => true, () => false);
}

/** The link as this page has the service: a proxy may have changed what stands in front of its path. */
function seenHere(address) {
  const { host, pathname, search } = new URL(address);
  if (host !== location.host) return address; // the operator has named a public one
  return new URL(pathname.split("/").slice(-2).join("/") + search, location.href).href;
}
