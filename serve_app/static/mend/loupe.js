/** A magnified round part of the picture about the pointer, in a corner: a finger hides what is under it. */

const TIMES = 4; // nearer than the stage shows it
const LEAST = 2; // pixels of the screen a picture's pixel

/** `canvas` shows what `view` draws. */
export class Loupe {
  #pen;
  #view;
  on = false;

  constructor(canvas, view) {
    this.#pen = canvas.getContext("2d");
    this.#view = view;
  }

  /** Show what lies about a point of the page, with the brush's radius in pixels of the page; null hides it. */
  show(event, radius) {
    const { canvas } = this.#pen;
    canvas.hidden = !this.on || !event;
    if (canvas.hidden) return;
    this.#evade(event);
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const { x, y } = this.#view.toPicture(event);
    const scale = Math.max(LEAST, this.#view.scale * TIMES);
    this.#view.paint(this.#pen, { scale, x: side / 2 - x * scale, y: side / 2 - y * scale });
    this.#ring(side / 2, (radius * devicePixelRatio * scale) / this.#view.scale);
  }

  /** It stands left, and right while the pointer is there. */
  #evade(event) {
    const { left, width } = this.#pen.canvas.parentElement.getBoundingClientRect();
    this.#pen.canvas.classList.toggle("right", event.clientX < left + width / 2);
  }

  #ring(middle, radius) {
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    for (const [colour, width] of [["#000", 3], ["#fff", 1.5]]) {
      this.#pen.strokeStyle = colour;
      this.#pen.lineWidth = width;
      this.#pen.beginPath();
      this.#pen.arc(middle, middle, radius, 0, 2 * Math.PI);
      this.#pen.stroke();
    }
  }
}
