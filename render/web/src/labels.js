// Words that belong to places in the picture: room plates, names under avatars, speech bubbles. None covers another.
import { project } from "./camera.js";
import { css, h, title, write } from "./dom.js";
import shared from "./shared.json";

const GAP = 2;

/** A layer over the canvas that holds the words. */
export class Labels {
  constructor() {
    this.element = h("div", { className: "labels", "aria-hidden": "true" });
    this.pools = { plate: [], name: [], bubble: [] };
    this.sizes = new Map();
  }

  /** Put up the words of a moment: `matrix` is the camera's, `clear` says whether a point [x, y] is in sight. */
  show({ plates, names, bubbles, matrix, width, height, clear }) {
    const taken = [];
    const used = { plate: 0, name: 0, bubble: 0 };
    const put = (kind, at, text, look, raise) => {
      const [x, y, depth] = project(matrix, at, width, height);
      if (depth < 0.3 || x < 0 || y < 0 || x > width || y > height) return;
      const element = this.#element(kind, used[kind]);
      write(element.lastChild, text);
      look(element);
      const [w, tall] = this.#size(kind, element, text);
      const left = Math.min(Math.max(x - w / 2, 4), width - w - 4);
      let top = kind === "bubble" ? y - tall - 12 : kind === "name" ? y + 6 : y - tall / 2;
      const covered = () => taken.some((r) => left < r.right + GAP && left + w > r.left - GAP && top < r.bottom + GAP && top + tall > r.top - GAP);
      for (let tries = 0; raise && covered() && tries < 30; tries++) top -= 6;
      if (covered()) return;
      taken.push({ left, right: left + w, top, bottom: top + tall });
      element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
      element.hidden = false;
      used[kind]++;
    };
    for (const { figure, text } of bubbles) {
      if (clear(figure)) put("bubble", [figure.x, figure.y, shared.head], text, dotted(figure), true);
    }
    for (const { figure, chosen } of names) {
      if (clear(figure)) put("name", [figure.x, figure.y, 0], title(figure.name), (e) => e.classList.toggle("chosen", chosen), false);
    }
    for (const { x, y, z, text } of plates) put("plate", [x, y, z], text, () => {}, false);
    for (const [kind, pool] of Object.entries(this.pools)) for (const element of pool.slice(used[kind])) element.hidden = true;
  }

  #element(kind, k) {
    const pool = this.pools[kind];
    if (k === pool.length) {
      pool.push(h("div", { className: `word ${kind}` }, kind === "bubble" ? h("i") : null, h("span")));
      this.element.append(pool[k]);
    }
    return pool[k];
  }

  /** Width and height of a word (px), measured once. */
  #size(kind, element, text) {
    const key = `${kind} ${text}`;
    if (!this.sizes.has(key)) {
      element.hidden = false;
      if (this.sizes.size > 2000) this.sizes.clear();
      this.sizes.set(key, [element.offsetWidth, element.offsetHeight]);
    }
    return this.sizes.get(key);
  }

  /** Forget sizes, because letters have another size now. */
  forget() {
    this.sizes.clear();
  }
}

const dotted = (figure) => (element) => {
  element.firstChild.style.background = css(shared.people[figure.colour % shared.people.length]);
};

/** Whether nothing of a person's height stands between `eye` [x, y] and a point on the plan. */
export function inSight(level, [ex, ey], { x, y }) {
  const safe = (v) => (Math.abs(v) < 1e-6 ? 1e-6 : v);
  const [dx, dy] = [safe(x - ex), safe(y - ey)];
  return !level.boxes.some(({ extent: [x0, y0, x1, y1, , z1] }) => {
    if (z1 <= shared.head * 0.75) return false;
    const [ax, bx, ay, by] = [(x0 - ex) / dx, (x1 - ex) / dx, (y0 - ey) / dy, (y1 - ey) / dy];
    const enter = Math.max(Math.min(ax, bx), Math.min(ay, by));
    const leave = Math.min(Math.max(ax, bx), Math.max(ay, by));
    return enter < leave && enter > 0 && enter < 1;
  });
}
