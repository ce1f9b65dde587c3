/** The finish of the picture on the bench: its file, or every cutout's. */

import { say } from "../frame/voice.js";
import { download, stem } from "../pictures/pictures.js";
import { compose, wordsOf } from "../service/service.js";
import { Editor } from "./editor.js";

/** A panel; `subject` is the picture on the bench. */
export class Finish extends Editor {
  #subject;

  constructor(subject) {
    super(subject, "finish-picture");
    this.#subject = subject;
    const { save, all } = this.element.elements;
    save.addEventListener("click", () => this.#save());
    all.addEventListener("click", () => this.#all());
  }

  /** See Editor. */
  ready(is) {
    this.element.elements.save.disabled = !is;
  }

  #save() {
    download(this.shown.blob, `${stem(this.#subject.name)}.${this.finish.ending}`);
    say("Downloaded");
  }

  /** Every cutout of the picture with this finish, in one ZIP. */
  async #all() {
    try {
      const blob = await compose(this.#subject.jobId, this.finish.fields, "application/zip");
      download(blob, `${stem(this.#subject.name)}.zip`);
      say("Downloaded");
    } catch (fault) {
      this.tell(wordsOf(fault));
    }
  }
}
