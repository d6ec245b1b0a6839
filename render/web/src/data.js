// The parcel that packing.py makes: taken out of its wrapping, and asked for what there was at a moment.
import { turn } from "./angles.js";
import shared from "./shared.json";

const SCHEMA = 1;
const KINDS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array };

/** A parcel (base64 text, or its bytes) as a Replay. Throws an Error with a sentence for people. */
export async function open(parcel) {
  let content;
  try {
    content = await inflate(typeof parcel === "string" ? fromBase64(parcel) : new Uint8Array(parcel));
  } catch {
    throw new Error("This replay is damaged: its data cannot be unpacked. Export it again.");
  }
  let head;
  try {
    const size = new DataView(content.buffer).getUint32(0, true);
    head = JSON.parse(new TextDecoder().decode(content.subarray(4, 4 + size)));
    if (head.schema === SCHEMA) return new Replay(head, columns(head.columns, content.subarray(4 + size)));
  } catch {
    throw new Error("This replay is damaged: its data do not fit its head. Export it again.");
  }
  throw new Error(`This replay has schema ${head.schema}, this page shows ${SCHEMA}. Export it again with the version that made the page.`);
}

function fromBase64(text) {
  const characters = atob(text.trim());
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undoes packing._fold: planes of bytes, differences along the first axis, one series after the other. */
function columns(listed, content) {
  const found = {};
  let at = 0;
  for (const [name, kind, shape] of listed) {
    const Kind = KINDS[kind];
    const wide = Kind.BYTES_PER_ELEMENT;
    const count = shape.reduce((a, b) => a * b, 1);
    const rows = shape[0];
    const across = rows ? count / rows : 0;
    if (at + count * wide > content.length) throw new RangeError(name);
    const values = new Kind(count);
    for (let k = 0, i = 0; k < across; k++) {
      for (let t = 0, sum = 0; t < rows; t++, i++) {
        let change = 0;
        for (let b = 0; b < wide; b++) change |= content[at + b * count + i] << (8 * b);
        sum = (sum + change) | 0;
        values[t * across + k] = sum;
      }
    }
    at += count * wide;
    found[name] = { values, rows, across, shape };
  }
  return found;
}

/** One episode. `steps` T; frame 0 is the beginning, frame t the state after step t. */
export class Replay {
  constructor(head, found) {
    Object.assign(this, head);
    this.columns = found;
    this.origin = head.bounds.slice(0, 2);
    this.seats = new Map();
    for (const [role, told] of Object.entries(head.roles)) for (let a = 0; a < told.count; a++) this.seats.set(`${role}_${a}`, [role, a]);
    this.kept = new Map();
  }

  /** Rows of things that come and go which are there at frame t: numbers after the two that say from when to when. */
  rows(name, t) {
    const { values, rows, across } = this.columns[name];
    const found = [];
    for (let k = 0; k < rows; k++) {
      const at = k * across;
      if (values[at] <= t && t < values[at + 1]) found.push(values.subarray(at + 2, at + across));
    }
    return found;
  }

  /** What stands still at frame t; the same object for as long as nothing of it changes. */
  level(t) {
    const boxes = this.#which("boxes", t);
    const key = `${boxes}|${this.#which("floors", t)}`;
    if (!this.kept.has(key)) {
      if (this.kept.size > 8) this.kept.delete(this.kept.keys().next().value);
      this.kept.set(key, { key, solidKey: boxes, bounds: this.bounds, boxes: this.#boxes(t), floors: this.#floors(t) });
    }
    return this.kept.get(key);
  }

  #which(name, t) {
    const { values, rows, across } = this.columns[name];
    let key = "";
    for (let k = 0; k < rows; k++) if (values[k * across] <= t && t < values[k * across + 1]) key += `${k},`;
    return key;
  }

  #boxes(t) {
    const { length: u } = this.units;
    const [x, y] = this.origin;
    return this.rows("boxes", t).map(([kind, x0, y0, x1, y1, z0, z1]) => ({
      kind: shared.boxKinds[kind], extent: [x0 * u + x, y0 * u + y, x1 * u + x, y1 * u + y, z0 * u, z1 * u],
    }));
  }

  #floors(t) {
    const { length: u } = this.units;
    const [x, y] = this.origin;
    return this.rows("floors", t).map(([x0, y0, x1, y1, tint]) => ({ rect: [x0 * u + x, y0 * u + y, x1 * u + x, y1 * u + y], tint }));
  }

  /** Places to go to at frame t: {x, y, colour}. */
  goals(t) {
    return this.rows("goals", t).map(([x, y, colour]) => ({ ...this.#at(x, y), colour }));
  }

  /** Round things at frame t: {x, y, z, radius, colour}. */
  spots(t) {
    const { length: u } = this.units;
    return this.rows("spots", t).map(([x, y, z, r, colour]) => ({ ...this.#at(x, y), z: z * u, radius: r * u, colour }));
  }

  /** Straight bars at frame t: {from, to, width, colour}; pages made earlier have none. */
  beams(t) {
    const { length: u } = this.units;
    const [x, y] = this.origin;
    const end = (row, k) => [row[k] * u + x, row[k + 1] * u + y, row[k + 2] * u];
    const rows = this.columns.beams ? this.rows("beams", t) : [];
    return rows.map((row) => ({ from: end(row, 0), to: end(row, 3), width: row[6] * u, colour: row[7] }));
  }

  /** Texts at places at frame t: {x, y, z, text}. */
  labels(t) {
    return this.rows("labels", t).map(([x, y, z, text]) => ({ ...this.#at(x, y), z: z * this.units.length, text: this.texts[text] }));
  }

  #at(x, y) {
    return { x: x * this.units.length + this.origin[0], y: y * this.units.length + this.origin[1] };
  }

  /** The avatars that are there at moment `now`, which may lie between two frames; those who jump do not fly. */
  figures(now) {
    const t = Math.min(Math.floor(now), this.steps);
    const share = t < this.steps ? now - t : 0;
    const found = [];
    for (let a = 0; a < this.names.length; a++) {
      if (!this.#cell("here", t, a)) continue;
      const me = this.#figure(t, a);
      if (share > 1e-3 && this.#cell("here", t + 1, a)) {
        const next = this.#figure(t + 1, a);
        if (Math.hypot(next.x - me.x, next.y - me.y) < 1) {
          me.x += (next.x - me.x) * share;
          me.y += (next.y - me.y) * share;
        }
        me.heading += turn(me.heading, next.heading) * share;
      }
      found.push(me);
    }
    return found;
  }

  #cell(name, t, a) {
    const { values, across } = this.columns[name];
    return values[t * across + a];
  }

  #figure(t, a) {
    const cell = (name) => this.#cell(name, t, a);
    const { values, across } = this.columns.place;
    return {
      index: a, name: this.names[a], ...this.#at(values[t * across + 2 * a], values[t * across + 2 * a + 1]),
      heading: (cell("heading") / this.units.turn) * 2 * Math.PI, speed: cell("speed") * this.units.speed,
      colour: cell("colour"), gesture: cell("gesture"), word: cell("word"),
    };
  }

  /** Where avatar `a` was at frame t, [x, y]; null when it was not there. */
  place(t, a) {
    if (!this.#cell("here", t, a)) return null;
    const { values, across } = this.columns.place;
    const at = this.#at(values[t * across + 2 * a], values[t * across + 2 * a + 1]);
    return [at.x, at.y];
  }

  /** The note on `name` at frame t; empty when there is none. */
  note(t, name) {
    const key = this.notes.indexOf(name);
    const pattern = key < 0 ? 0 : this.#cell("pattern", t, key);
    if (!pattern) return "";
    const { values, across, shape } = this.columns.numbers;
    const at = t * across + key * shape[2];
    const [first, ...rest] = this.patterns[pattern - 1].split(shared.hole);
    return first + rest.map((piece, j) => (values[at + j] / 10 ** +piece[0]).toFixed(+piece[0]) + piece.slice(1)).join("");
  }

  /** Events as {frame, kind, who, whom}, in order. */
  get events() {
    if (!this.happened) {
      const { values, rows } = this.columns.events;
      this.happened = Array.from({ length: rows }, (_, k) => {
        const [frame, kind, who, whom] = values.subarray(4 * k, 4 * k + 4);
        return { frame, kind, who, whom };
      });
    }
    return this.happened;
  }

  /** The agent `name` at frame t from its own side; null when it is not known. */
  reading(t, name) {
    const seat = this.seats.get(name);
    if (!seat || t >= this.columns[`${seat[0]}.terms`].rows) return null;
    const [role, a] = seat;
    const told = this.roles[role];
    const slice = (what, frame = t) => {
      const column = this.columns[`${role}.${what}`];
      if (!column || frame >= column.rows) return null;
      const size = column.across / told.count;
      return column.values.subarray(frame * column.across + a * size, frame * column.across + (a + 1) * size);
    };
    const shares = (what) => slice(what) && Array.from(slice(what), (v) => v / this.units.share);
    const sums = Array.from(slice("terms"), (v) => v * this.units.reward);
    const compass = slice("compass");
    return {
      terms: told.terms.map((term, k) => [term, sums[k]]),
      course: Array.from({ length: t + 1 }, (_, f) => slice("terms", f).reduce((x, y) => x + y, 0) * this.units.reward),
      action: t ? spoken(told, slice("actions")) : "",
      rays: slice("near") && { near: shares("near"), met: Array.from(slice("met")), fan: told.fan },
      compass: compass && compass[0] < this.sectors ? (compass[0] / this.sectors) * 2 * Math.PI : null,
      singles: (told.singles || []).map((single, k) => [single, shares("singles")[k]]),
      readouts: (told.readouts || []).map((what) => [what, this.#told(role, what, a, t)]),
    };
  }

  /** What a policy told of itself up to frame t, NaN where it told nothing. */
  #told(role, what, a, t) {
    const { values, across, rows } = this.columns[`${role}.${what}`];
    const untold = -(2 ** 31);
    return Array.from({ length: Math.min(t + 1, rows) }, (_, f) => {
      const value = values[f * across + a];
      return value === untold ? NaN : value * this.units.reward;
    });
  }
}

function spoken(role, codes) {
  if (role.controls.length) {
    const [low, high] = role.span || [-1, 1]; // pages made earlier do not tell it
    const value = (code) => low + (code / 200) * (high - low);
    const told = low < 0 ? (x) => `${x < 0 ? "" : "+"}${x.toFixed(1)}` : (x) => x.toFixed(2);
    return role.controls.map((name, k) => `${name} ${told(value(codes[k]))}`).join(", ");
  }
  const chosen = role.heads.flatMap(([name, choices], k) => (codes[k] ? [`${name} ${choices[codes[k]]}`] : []));
  return chosen.join(", ") || "stand";
}
