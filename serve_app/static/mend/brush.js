/** What a brush and a lasso cover, 0 to 255 for each pixel. */

import { readPen } from "../pictures/canvas.js";

const STEPS = 1024; // of the table of a brush's edge

/** A round brush: `radius` in pixels of the picture; `softness` is the part of the radius over which it fades, 0 to 1. */
export class Brush {
  #edge = new Uint8Array(STEPS + 2);

  constructor(radius, softness) {
    this.radius = radius;
    this.outer = radius + 0.5; // half a pixel more: a hard edge is smooth, too
    const inner = Math.max(0, Math.min(radius - 0.5, radius * (1 - softness)));
    for (let i = 0; i <= STEPS; i++) {
      const away = this.outer * Math.sqrt(i / STEPS);
      const t = Math.min(1, Math.max(0, (this.outer - away) / (this.outer - inner)));
      this.#edge[i] = Math.round(255 * t * t * (3 - 2 * t));
    }
  }

  /** Cover a straight line from `a` to `b`, in pixels of the picture; a dot where they are the same. Gives what changed. */
  line(stroke, a, b) {
    const { outer } = this;
    const box = {
      left: Math.min(a.x, b.x) - outer, top: Math.min(a.y, b.y) - outer,
      right: Math.max(a.x, b.x) + outer, bottom: Math.max(a.y, b.y) + outer,
    };
    return stroke.cover(box, (y, left, right, into) => this.#row(a, b, y + 0.5, left, right, into));
  }

  /** By the distance of each pixel's centre to the line: exact, so that it has no beads. */
  #row(a, b, y, left, right, into) {
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const py = y - a.y;
    const each = 1 / (dx * dx + dy * dy || 1); // a dot has no length
    const scale = STEPS / (this.outer * this.outer);
    let any = false;
    for (let x = left; x < right; x++) { // no arrays here: the first strokes run before this is compiled
      const px = x + 0.5 - a.x;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) * each));
      const ax = px - along * dx;
      const ay = py - along * dy;
      const step = (ax * ax + ay * ay) * scale;
      into[x - left] = step < STEPS ? this.#edge[step | 0] : 0;
      any ||= step < STEPS;
    }
    return any;
  }
}

/** Cover what an outline surrounds: `points` in pixels of the picture, its edge faded over `fade` pixels; `rows` at a time. */
export function lasso(stroke, points, fade, rows) {
  const box = stroke.matte.within(extent(points, fade));
  if (!box) return null;
  for (let { top } = box; top < box.bottom; top += rows) {
    coverBand(stroke, points, fade, { ...box, top, bottom: Math.min(box.bottom, top + rows) });
  }
  return box;
}

function coverBand(stroke, points, fade, box) {
  const width = box.right - box.left;
  const pen = readPen(width, box.bottom - box.top);
  pen.filter = fade >= 1 ? `blur(${fade / 2}px)` : "none"; // Safari has no filter: there the edge is hard
  pen.translate(-box.left, -box.top);
  pen.beginPath();
  for (const { x, y } of points) pen.lineTo(x, y);
  pen.fill();
  const pixels = pen.getImageData(0, 0, width, box.bottom - box.top).data;
  stroke.cover(box, (y, left, right, into) => {
    const from = ((y - box.top) * width + left - box.left) * 4 + 3;
    for (let i = 0; i < right - left; i++) into[i] = pixels[from + i * 4];
    return true;
  });
}

function extent(points, margin) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return {
    left: Math.min(...xs) - margin, top: Math.min(...ys) - margin,
    right: Math.max(...xs) + margin, bottom: Math.max(...ys) + margin,
  };
}
