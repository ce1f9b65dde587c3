/** The picture on the bench, as the panels beside the cards see it. */

/**
 * Dispatches `open` when another picture is on the bench, and `change` when a cutout came or another one is picked.
 *
 * A result is `{id, name, picture, body, jobId}`: the model's id and name, or a number while names are hidden; its
 * cutout at the photograph's own size, as a Picture with `blob` and `url`; the service's own object, with `score`,
 * `agreement`, `licence` and so on; and the job that it belongs to.
 */
export class Subject extends EventTarget {
  #bench;

  constructor(bench) {
    super();
    this.#bench = bench;
  }

  /** The photograph's file name. */
  get name() {
    return this.#bench.entry.name;
  }

  /** The job's id. */
  get jobId() {
    return this.#bench.jobId;
  }

  /** Width and height of the photograph and of every cutout, in pixels. */
  get size() {
    return this.#bench.board.size;
  }

  /** The photograph as a Picture; null where the browser cannot show it, or it was given by its address. */
  get original() {
    return this.#bench.board.original;
  }

  /** Whether the models' names are hidden. */
  get blind() {
    return this.#bench.board.blind;
  }

  /** The results so far, in the order of the cards. */
  get results() {
    return this.#bench.board.offered.map((card) => card.told);
  }

  /** The result whose card an element belongs to; undefined where there is none. */
  of(element) {
    return this.#bench.board.offered.find((card) => card.element.contains(element))?.told;
  }

  /** The last event of the job, with `selected_model_id`, `needs_review` and so on; null while models work. */
  get summary() {
    return this.#bench.summary;
  }

  /** The result that is picked; until then the one that the service would choose, or the first; null without any. */
  get chosen() {
    const { results } = this;
    const of = (id) => results.find((result) => result.id === id);
    return of(this.#bench.pick.choice?.id) ?? of(this.summary?.selected_model_id) ?? results[0] ?? null;
  }

  /** Pick a result by its id. */
  choose(id) {
    this.#bench.choose(this.#bench.board.offered.find((card) => card.model.model_id === id));
  }

  /** Put a result of this job beside the others, or in the place of one with the same id: the service's own object, and its picture as a blob. */
  add(body, blob) {
    this.#bench.add(body, blob);
  }
}
