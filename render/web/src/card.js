// The card of the avatar that is followed: what it senses, where it is going, what it has earned.
import { against, css, h, pen, signed, title, write } from "./dom.js";
import { sight } from "./overlays.js";
import shared from "./shared.json";

const DIAL = 54;
const CURVE_PX = 30;

export class Card {
  constructor(names, follow) {
    this.badge = h("span", { className: "badge", "aria-hidden": "true" });
    this.choice = h(
      "select",
      { "aria-label": "Avatar to follow", change: () => follow(this.choice.value) },
      ...names.map((name) => h("option", { value: name, textContent: title(name) })),
    );
    this.action = h("p", { className: "action muted" });
    this.more = h("button", { className: "more", type: "button", "aria-expanded": "false", "aria-label": "More of this avatar", textContent: "⌄" });
    this.more.addEventListener("click", () => {
      const open = this.element.classList.toggle("open");
      this.more.setAttribute("aria-expanded", `${open}`);
    });
    this.dial = h("canvas", { className: "dial", role: "img", "aria-label": "What it senses around it, ahead being up" });
    this.bars = h("div", { className: "bars" });
    this.senses = h("div", { className: "senses" }, h("figure", {}, this.dial, h("figcaption", { textContent: "what it senses" })), this.bars);
    this.facts = h("div", { className: "facts" });
    this.curves = h("div", { className: "curves" });
    this.terms = h("dl", { className: "terms" });
    this.body = h("div", { className: "body" }, this.senses, this.curves, this.terms);
    const head = h("div", { className: "head" }, this.badge, h("div", { className: "who" }, this.choice, this.action), this.more);
    this.element = h("aside", { className: "panel card", "aria-label": "Avatar that is followed" }, head, this.facts, this.body);
  }

  /** Tell of `name` at a moment; `figure` is undefined while it is away, `reading` null where nothing is known of its side. */
  show(name, figure, note, reading, theme) {
    this.choice.value = name;
    if (figure) {
      const colour = shared.people[figure.colour % shared.people.length];
      this.badge.style.background = css(colour);
      this.badge.style.color = against(colour);
    }
    write(this.badge, name.replace(/\D/g, "") || name.charAt(0).toUpperCase());
    write(this.action, figure ? reading?.action || "–" : "not here now");
    const facts = note.split(",").map((part) => part.trim()).filter(Boolean);
    list(this.facts, facts, () => h("p"), (line, fact) => write(line, fact));
    this.body.hidden = !reading;
    if (!reading) return;
    this.senses.hidden = !reading.rays;
    if (reading.rays) this.#dial(reading, figure, theme);
    list(this.bars, reading.rays ? reading.singles : [], bar, ([caption, meter], [single, value]) => {
      write(caption, single);
      meter.value = value;
      meter.setAttribute("aria-label", single);
    });
    const total = reading.course[reading.course.length - 1];
    const curves = [["reward so far", reading.course, total], ...reading.readouts.map(([what, told]) => [what, told, told[told.length - 1]])];
    list(this.curves, curves, curve, (parts, told) => drawCurve(parts, told, theme));
    list(this.terms, reading.terms, () => h("div", {}, h("dt"), h("dd")), (row, [term, value]) => {
      write(row.firstChild, term.replaceAll("_", " "));
      write(row.lastChild, signed(value));
    });
  }

  /** The dial of rays, ahead being up. */
  #dial({ rays, compass }, figure, theme) {
    const draw = pen(this.dial, 2 * DIAL, 2 * DIAL);
    draw.translate(DIAL, DIAL);
    disc(draw, 0, 0, DIAL, css(theme.well));
    draw.lineWidth = 1.4;
    for (const { angle, reach, met } of sight(rays, Math.PI / 2)) {
      const [c, s, r] = [Math.cos(angle), -Math.sin(angle), 7 + ((DIAL - 10) * reach) / rays.fan[1]];
      line(draw, [[c * 7, s * 7], [c * r, s * r]], css(theme.accent, 0.5));
      if (met !== "nothing") disc(draw, c * r, s * r, 2.5, css(theme.sensed[met]));
    }
    const own = css(figure ? shared.people[figure.colour % shared.people.length] : theme.muted);
    if (compass !== null) {
      const [dx, dy] = [-Math.sin(compass), -Math.cos(compass)];
      const tip = [dx * (DIAL - 3), dy * (DIAL - 3)];
      draw.lineWidth = 3;
      line(draw, [[dx * (DIAL - 16), dy * (DIAL - 16)], tip], own);
      line(draw, [-1, 0, 1].map((side) => [tip[0] - (dx * 6 - side * dy * 5) * Math.abs(side), tip[1] - (dy * 6 + side * dx * 5) * Math.abs(side)]), own);
    }
    disc(draw, 0, 0, 5, own);
  }
}

function disc(draw, x, y, r, colour) {
  draw.fillStyle = colour;
  draw.beginPath();
  draw.arc(x, y, r, 0, 2 * Math.PI);
  draw.fill();
}

function line(draw, points, colour) {
  draw.strokeStyle = colour;
  draw.beginPath();
  points.forEach(([x, y], k) => (k ? draw.lineTo(x, y) : draw.moveTo(x, y)));
  draw.stroke();
}

/** Make the children of `parent` as many as there are `items`, with `make`, and fill each with `fill`. */
function list(parent, items, make, fill) {
  while (parent.children.length > items.length) parent.lastChild.remove();
  while (parent.children.length < items.length) {
    const made = make();
    parent.append(made.element || made);
    parts.set(parent.lastChild, made.parts || made);
  }
  items.forEach((item, k) => fill(parts.get(parent.children[k]), item));
}

const parts = new WeakMap();

function bar() {
  const [caption, meter] = [h("span"), h("meter", { min: 0, max: 1 })];
  return { element: h("div", {}, caption, meter), parts: [caption, meter] };
}

function curve() {
  const made = { name: h("b"), value: h("b", { className: "value" }), canvas: h("canvas", { "aria-hidden": "true" }) };
  return { element: h("div", {}, h("p", {}, made.name, made.value), made.canvas), parts: made };
}

/** A value over time as a line, with the level of nothing behind it. */
function drawCurve({ name, value, canvas }, [what, told, latest], theme) {
  const known = told.filter((v) => !Number.isNaN(v));
  const colour = what in theme.curves ? theme.curves[what] : latest < 0 ? theme.warning : theme.accent;
  write(name, what);
  write(value, Number.isNaN(latest) ? "–" : signed(latest));
  value.style.color = css(colour);
  const [width, height] = [canvas.clientWidth || 220, CURVE_PX];
  const draw = pen(canvas, width, height);
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  const up = (v) => height - 2 - ((v - low) / Math.max(high - low, 1e-6)) * (height - 4);
  line(draw, [[0, up(0)], [width, up(0)]], css(theme.rail));
  draw.lineWidth = 1.6;
  const every = Math.max(1, told.length / 110);
  const points = [];
  for (let k = 0; k < told.length - 0.5; k += every) {
    const v = told[Math.min(Math.round(k), told.length - 1)];
    if (!Number.isNaN(v)) points.push([(k / Math.max(told.length - 1, 1)) * width, up(v)]);
  }
  if (told.length > 1 && !Number.isNaN(latest)) points.push([width, up(latest)]);
  if (points.length > 1) line(draw, points, css(what in theme.curves ? colour : theme.accent));
}
