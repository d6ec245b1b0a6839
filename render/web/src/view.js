// Which moment, whose side, which camera, as viewer.py has it: state of one player, and what its keys do to it.
import { turn } from "./angles.js";
import * as cameras from "./camera.js";
import { VISITED_M } from "./overlays.js";
import shared from "./shared.json";

const [TRAIL, OWN_TRAIL] = shared.trails;
const SKIPS = { back: -1, on: 1, "back ten": -10, "on ten": 10, beginning: -Infinity, end: Infinity };
const ZOOMS = { nearer: 2, farther: -2 };
const TURNS = { "turn left": [-30, 0], "turn right": [30, 0], "turn up": [0, -24], "turn down": [0, 24] };
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

/** Time, shared by players that are linked. */
export class Clock {
  constructor() {
    Object.assign(this, { now: 0, playing: false, speed: 1, last: 0, players: new Set(), tick: 0 });
  }

  /** Let time pass up to `stamp` (ms), once for all players; stops at the end. */
  advance(stamp, step) {
    const seconds = this.tick ? Math.min((stamp - this.tick) / 1000, 0.25) : 0;
    if (stamp === this.tick) return;
    this.tick = stamp;
    if (!this.playing) return;
    this.now = Math.min(this.now + (seconds / step) * this.speed, this.last);
    if (this.now >= this.last) this.playing = false;
  }

  /** Let everybody who goes by this clock draw. */
  tell() {
    for (const player of this.players) player.wake();
  }
}

export class View {
  constructor(replay, options) {
    this.replay = replay;
    this.clock = new Clock();
    this.clock.last = replay.steps;
    this.camera = "orbit";
    this.chosen = replay.agents.find((name) => replay.names.includes(name)) || replay.names[0] || "";
    this.shown = { panels: true, rays: true, trails: true, names: false, bubbles: true, visits: false, help: false };
    Object.assign(this, { pitch: shared.pitch, zoom: 1, pan: [0, 0], turned: 0, gaze: null, sums: null });
    this.set(options);
    if (replay.names.length > 24) this.shown.trails = false;
  }

  /** Take what a link or a caller asks for; what there is not is left as it is. */
  set({ t, follow, camera }) {
    if (Number.isFinite(t)) this.seek(t);
    if (this.replay.names.includes(follow)) this.chosen = follow;
    if (shared.cameras.includes(camera)) this.camera = camera;
  }

  get now() {
    return Math.min(this.clock.now, this.replay.steps);
  }

  /** From where one looks, as a word: another one is worth a flight. */
  get standpoint() {
    return ["orbit", "top"].includes(this.camera) ? this.camera : `${this.camera} ${this.chosen}`;
  }

  seek(step) {
    this.clock.now = clamp(step, 0, this.clock.last);
    this.gaze = null;
  }

  /** Carry out what a key or a button stands for. */
  do(action) {
    const { clock } = this;
    if (shared.cameras.includes(action)) Object.assign(this, { camera: action, gaze: null });
    else if (action in this.shown) this.shown[action] = !this.shown[action];
    else if (action === "play") {
      if (!clock.playing && clock.now >= clock.last) this.seek(0);
      clock.playing = !clock.playing;
    } else if (action === "slower" || action === "faster") {
      const at = shared.speeds.indexOf(clock.speed) + (action === "faster" ? 1 : -1);
      clock.speed = shared.speeds[clamp(at, 0, shared.speeds.length - 1)];
    } else if (action in ZOOMS) this.wheel(ZOOMS[action]);
    else if (action in TURNS) this.drag(...TURNS[action], false, 1000);
    else if (action === "next" || action === "previous") this.#next(action === "next" ? 1 : -1);
    else if (action in SKIPS) {
      clock.playing = false;
      this.seek(Math.round(this.now) + SKIPS[action]);
    }
  }

  #next(way) {
    const names = this.figures().map((f) => f.name);
    if (!names.length) return;
    const at = names.includes(this.chosen) ? names.indexOf(this.chosen) + way : 0;
    this.follow(names[(at + names.length) % names.length]);
  }

  follow(name) {
    this.chosen = name;
    this.gaze = null;
  }

  /** Turn the orbit camera by a drag (px), or with `pan` move it over the plan. */
  drag(dx, dy, pan, width) {
    if (pan || this.camera === "top") {
      const [x0, , x1] = this.replay.bounds;
      const scale = (x1 - x0) / (0.75 * width) / this.zoom;
      const yaw = this.camera === "top" ? cameras.topTurn(this.replay.bounds, this.aspect || 1.5) : this.yaw() - Math.PI / 2;
      const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
      this.pan = [this.pan[0] - (c * dx + s * dy) * scale, this.pan[1] - (s * dx - c * dy) * scale];
    } else {
      this.turned -= dx * 0.006;
      this.pitch = clamp(this.pitch + dy * 0.005, 0.2, 1.5);
    }
  }

  wheel(clicks) {
    this.zoom = clamp(this.zoom * 1.12 ** clicks, 0.5, 8);
  }

  yaw(aspect = this.aspect || 1.5) {
    return cameras.broadside(this.replay.bounds, aspect) + this.turned;
  }

  figures() {
    return this.replay.figures(this.now);
  }

  /** The camera of this moment, kept clear of the panels: margins are shares left, right, bottom, top. */
  lens(figures, width, height, margins) {
    const aspect = (this.aspect = width / height);
    const [x0, y0, x1, y1] = this.replay.bounds;
    const [px, py] = this.pan;
    const bounds = [x0 + px, y0 + py, x1 + px, y1 + py];
    const me = figures.find((f) => f.name === this.chosen);
    if (this.camera === "orbit") return cameras.orbit(bounds, aspect, this.yaw(aspect), this.pitch, this.zoom, margins);
    if (this.camera === "top") return cameras.topDown(bounds, aspect, this.zoom, margins);
    if (this.camera === "first" && me) return cameras.firstPerson(me.x, me.y, me.heading, me.index);
    this.gaze ||= me ? [me.x, me.y, me.heading] : [(x0 + x1) / 2, (y0 + y1) / 2, 0];
    return cameras.follow(...this.gaze, this.zoom, [margins[0] - margins[1], margins[2] - margins[3]]);
  }

  /** Let the following camera come towards where it belongs; without motion it is there at once. */
  turnGaze(seconds, calm) {
    if (!this.gaze || this.camera !== "follow") return;
    const me = this.figures().find((f) => f.name === this.chosen);
    if (!me) return;
    const [x, y, heading] = this.gaze;
    const share = calm ? 1 : 1 - Math.exp(-3 * seconds * Math.max(this.clock.speed, 1));
    if (Math.hypot(me.x - x, me.y - y) > 3) this.gaze = null;
    else this.gaze = [x + (me.x - x) * share, y + (me.y - y) * share, heading + turn(heading, me.heading) * share * (calm ? 1 : 0.5)];
  }

  /** Where a figure has been of late: points [x, y], oldest first. */
  trail(figure) {
    const t = Math.floor(this.now);
    const points = [];
    for (let back = Math.max(0, t - (figure.name === this.chosen ? OWN_TRAIL : TRAIL)); back <= t; back += 2) {
      const at = this.replay.place(back, figure.index);
      if (at) points.push(at);
    }
    points.push([figure.x, figure.y]);
    return points;
  }

  /** Squares of the floor that the followed avatar has visited so far, {x, y, share of the most visited}. */
  visits() {
    const t = Math.floor(this.now);
    const who = this.replay.names.indexOf(this.chosen);
    if (!this.sums || this.sums.who !== who || this.sums.t > t) this.sums = { who, t: -1, cells: new Map() };
    for (const { sums } = this; sums.t < t; ) {
      const at = this.replay.place(++sums.t, who);
      if (!at) continue;
      const key = at.map((v) => Math.floor(v / VISITED_M)).join();
      sums.cells.set(key, (sums.cells.get(key) || 0) + 1);
    }
    const most = Math.max(1, ...this.sums.cells.values());
    return [...this.sums.cells].map(([key, count]) => {
      const [x, y] = key.split(",").map((v) => (+v + 0.5) * VISITED_M);
      return { x, y, share: count / most };
    });
  }

  /** What the bubbles say, by name: the last notable thing that happened to each, or the word it speaks. */
  words(figures) {
    const { replay, now } = this;
    this.often ||= often(replay);
    const said = new Map();
    for (const { frame, kind, who } of replay.events) {
      if (frame > now || frame < now - shared.said || this.often[kind]) continue;
      if (who >= 0 && who < replay.agents.length) said.set(replay.agents[who], replay.kinds[kind].replaceAll("_", " "));
    }
    for (const { name, word } of figures) if (word) said.set(name, `“${word}”`);
    return said;
  }
}

/** Which kinds of event happen so often that they are no news. */
function often(replay) {
  const counts = replay.kinds.map(() => 0);
  for (const { kind } of replay.events) counts[kind]++;
  return counts.map((count) => count > Math.max(10, Math.floor(replay.steps / 16)));
}

/** Events for the timeline, {frame, kind, own}: kinds that happen all the time are left out, own ones come last so that they show. */
export function marks(replay, chosen) {
  const who = replay.agents.indexOf(chosen);
  const counts = replay.kinds.map(() => 0);
  for (const { kind } of replay.events) counts[kind]++;
  return replay.events
    .filter(({ kind }) => counts[kind] <= Math.max(40, Math.floor(replay.steps / 4)))
    .map((event) => ({ ...event, own: event.who === who }))
    .sort((a, b) => a.own - b.own);
}
