/** The controls beside the stage: what the brush does, its size and edge, and what is seen. */

const LEAST_PX = 1; // of the brush's radius, in pixels of the page
const MOST_PX = 200;
const WORDS = {
  keep: "Paint over what belongs to the picture.",
  erase: "Paint over what should go.",
};

/** `form` has the controls; `mend` has the tool, the view and the cursor that they set. */
export class Controls {
  #form;
  #mend;
  #others = [];

  constructor(form, mend) {
    this.#form = form;
    this.#mend = mend;
    form.addEventListener("input", () => this.#read());
    form.addEventListener("change", (event) => {
      if (["mode", "from"].includes(event.target.name)) this.#aim();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** A cutout is mended; parts may be taken from `others`. Without the photograph nothing can be brought back from it. */
  open(others) {
    const { from, behind, loupe } = this.#form.elements;
    const { photo } = this.#mend.painting;
    this.#others = others;
    from.replaceChildren(...others.map(({ name }, i) => new Option(`from ${name}`, i + 1)));
    this.#radio("mode", "keep").disabled = behind.disabled = !photo;
    this.#radio("mode", "take").disabled = !others.length;
    this.#radio("mode", photo ? "keep" : "erase").checked = true;
    loupe.checked = matchMedia("(pointer: coarse)").matches;
    this.#read();
    return this.#aim();
  }

  /** Choose a value as if its control were clicked; nothing where it is disabled. */
  choose(name, value) {
    const control = this.#radio(name, value);
    if (!control.disabled) control.click();
  }

  /** Switch a checkbox. */
  toggle(name) {
    this.#form.elements[name].click();
  }

  /** Make the brush larger by a factor. */
  resize(factor) {
    const radius = this.#mend.tool.radius * factor;
    this.#form.elements.size.value = Math.log(radius / LEAST_PX) / Math.log(MOST_PX / LEAST_PX);
    this.#read();
  }

  /** Make its edge softer, or harder, by steps of the control. */
  soften(steps) {
    this.#form.elements.softness.stepUp(steps);
    this.#read();
  }

  #radio(name, value) {
    return this.#form.querySelector(`[name=${name}][value=${value}]`);
  }

  #read() {
    const { size, softness, behind, shape, seen, loupe, backdrop } = this.#form.elements;
    const { tool, view, cursor, stage } = this.#mend;
    tool.radius = LEAST_PX * (MOST_PX / LEAST_PX) ** size.valueAsNumber;
    tool.softness = softness.valueAsNumber;
    tool.shape = shape.value;
    cursor.loupe.on = loupe.checked;
    Object.assign(stage.dataset, { behind: backdrop.value, shape: shape.value });
    size.setAttribute("aria-valuetext", `${Math.round(2 * tool.radius)} pixels wide`);
    softness.setAttribute("aria-valuetext", `${Math.round(100 * tool.softness)} %`);
    this.#look(behind.valueAsNumber, seen.value === "mask");
    cursor.follow();
  }

  #look(behind, mask) {
    const { view } = this.#mend;
    if (view.behind === behind && view.mask === mask) return;
    Object.assign(view, { behind, mask });
    view.draw();
  }

  /** Lead the tool to what is chosen; another cutout is decoded when it is first asked for. */
  async #aim() {
    const { mode, from } = this.#form.elements;
    const { tool, painting } = this.#mend;
    const taking = mode.value === "take";
    from.disabled = !taking;
    tool.aim = null;
    if (!taking) {
      tool.aim = { alpha: mode.value === "keep" ? 255 : 0, source: null };
      return this.#mend.tell(WORDS[mode.value]);
    }
    const chosen = from.value;
    const source = Number(chosen);
    const { name, picture } = this.#others[source - 1];
    const alpha = await painting.other(source, picture.blob);
    if (mode.value !== "take" || from.value !== chosen) return; // something else was chosen meanwhile
    tool.aim = { alpha, source };
    this.#mend.tell(`Paint over what is better in ${name}.`);
  }
}
