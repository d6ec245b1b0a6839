// A replay in an element of a page: picture, words, panels, and what people do with them.
import { blend, matrix, project } from "./camera.js";
import { Card } from "./card.js";
import { css, h, title } from "./dom.js";
import { avatars, flags } from "./figures.js";
import { attach } from "./hand.js";
import { action, helpDialog } from "./keys.js";
import { Labels, inSight } from "./labels.js";
import { fromHash, toHash } from "./link.js";
import * as overlays from "./overlays.js";
import { QUALITY, Stage } from "./stage.js";
import shared from "./shared.json";
import style from "./style.css";
import { Timeline } from "./timeline.js";
import { View } from "./view.js";

const CAMERAS = { orbit: "Orbit", follow: "Follow", top: "Top", first: "Eyes" };
const TOGGLES = { rays: "Rays", trails: "Trails", names: "Names", bubbles: "Bubbles", visits: "Visits" };
const [NARROW_PX, WIDE_PX] = [640, 1000];
const REACH_PX = 44;
const SLOW_MS = 1000 / 18;
const CALM_MS = 250;
const FLIGHT_MS = 450;

export class Player {
  constructor(host, replay, options) {
    Object.assign(this, { host, replay, options, level: null, told: "", pace: 0, times: [], stamp: 0, busy: 0, stopped: false });
    const still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.calm = still.matches;
    const linked = options.hash ? fromHash() : {};
    this.view = new View(replay, { t: options.start, follow: options.follow, camera: options.camera, ...linked });
    this.view.clock.players.add(this);
    this.view.clock.playing = options.autoplay ?? !(this.calm || Number.isFinite(linked.t) || options.start > 0);
    this.#build();
    this.stage = new Stage(this.canvas);
    this.#listen();
    this.theme(options.theme);
    if (options.hash) this.root.focus({ preventScroll: true, focusVisible: false });
  }

  #build() {
    const { replay, host } = this;
    const act = (what) => this.act(what);
    this.canvas = h("canvas", { className: "picture", role: "img", "aria-label": `${replay.title}: the building and the avatars in it` });
    this.labels = new Labels();
    this.card = new Card([...replay.names], (name) => act(["choose", name]));
    this.timeline = new Timeline(this.view, act);
    const press = (name, text, label) => h("button", { type: "button", textContent: text, "aria-pressed": "false", "aria-label": label, title: label, value: name, click: () => act(name) });
    this.cameras = h("div", { className: "cameras", role: "group", "aria-label": "Camera" }, ...shared.cameras.map((name) => press(name, CAMERAS[name], `Camera: ${CAMERAS[name]}`)));
    this.toggles = Object.entries(TOGGLES).filter(([name]) => name !== "rays" || this.#sees()).map(([name, text]) => press(name, text, text));
    this.look = h("button", { type: "button", click: () => act("theme") });
    const help = h("button", { type: "button", textContent: "?", "aria-label": "Help: keys", title: "Help: keys", click: () => act("help") });
    const chips = h("div", { className: "chips", role: "group", "aria-label": "What is shown" }, ...this.toggles, this.look, help);
    const heading = h("div", { className: "heading" }, h("h1", { textContent: replay.title }), h("p", { className: "muted", textContent: replay.subtitle, title: replay.subtitle }));
    this.header = h("header", { className: "panel title" }, heading, this.cameras, chips);
    this.status = h("p", { className: "status", role: "status" });
    this.help = helpDialog(() => {
      this.view.shown.help = false;
      this.root.focus();
    });
    this.root = h(
      "section", { className: "player", role: "region", "aria-label": `Replay: ${replay.title}`, tabIndex: 0 },
      this.canvas, this.labels.element, this.header, this.card.element, this.timeline.element, this.status, this.help,
    );
    const shadow = host.shadowRoot || host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    shadow.adoptedStyleSheets = [sheet];
    shadow.replaceChildren(this.root);
  }

  #sees() {
    return Object.keys(this.replay.roles).some((role) => `${role}.near` in this.replay.columns);
  }

  #listen() {
    const stop = (this.unlisten = new AbortController());
    this.root.addEventListener("keydown", (event) => {
      const found = this.help.open ? (event.key.toLowerCase() === "h" ? "help" : "") : action(event);
      if (!found) return;
      event.preventDefault();
      this.act(found);
    });
    attach(this.canvas, {
      drag: (dx, dy, pan) => {
        this.busy = performance.now();
        this.view.drag(dx, dy, pan, this.width);
        this.wake();
      },
      zoom: (clicks) => {
        this.busy = performance.now();
        this.view.wheel(clicks);
        this.wake();
      },
      pick: (x, y) => this.pick(x, y),
      done: () => this.wake(),
      wheels: () => this.options.hash || this.root.contains(this.host.shadowRoot.activeElement),
    });
    this.sizes = new ResizeObserver(() => this.#measure());
    for (const element of [this.host, this.header, this.card.element, this.timeline.element]) this.sizes.observe(element);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.chosenTheme || this.theme(), { signal: stop.signal });
    if (this.options.hash) {
      window.addEventListener("hashchange", () => {
        this.view.set(fromHash());
        this.refresh();
      }, { signal: stop.signal });
    }
  }

  /** How much of the picture panels cover, and how large it is. */
  #measure() {
    const box = this.root.getBoundingClientRect();
    [this.width, this.height] = [Math.max(box.width, 1), Math.max(box.height, 1)];
    const narrow = this.width < NARROW_PX;
    this.root.classList.toggle("narrow", narrow);
    this.root.classList.toggle("wide", this.width >= WIDE_PX);
    if (narrow) this.root.style.setProperty("--foot", `${this.timeline.element.offsetHeight + 16}px`);
    const at = (element) => element.getBoundingClientRect();
    const [head, card, time] = [this.header, this.card.element, this.timeline.element].map(at);
    const share = { left: 0.015, right: 0.015, bottom: 0.02, top: 0.02, title: 0.015 };
    const chips = this.cameras.nextSibling;
    if (this.view.shown.panels) {
      const legend = at(this.timeline.legend);
      const foot = narrow ? Math.min(card.top, time.top) : legend.height ? legend.top : time.top;
      share.bottom = (box.bottom - foot + 6) / this.height;
      if (narrow) share.top = (head.bottom - box.top + 8) / this.height;
      else Object.assign(share, { right: (box.right - card.left + 4) / this.width, title: (head.right - box.left + 4) / this.width });
      if (this.width >= WIDE_PX) share.top = (at(chips).bottom - box.top + 6) / this.height;
      const over = share.bottom + share.top;
      if (over > 0.7) [share.bottom, share.top] = [share.bottom, share.top].map((v) => (v * 0.7) / over);
    }
    this.share = share;
    this.timeline.draw(this.look.theme);
    this.labels.forget();
    this.wake();
  }

  /** Carry out an action: a word of keys.js, or [what, with what]. */
  act(what) {
    const { view } = this;
    const [verb, value] = Array.isArray(what) ? what : [what];
    const before = view.standpoint;
    if (verb === "seek") {
      view.clock.playing = false;
      view.seek(value);
    } else if (verb === "speed") view.clock.speed = value;
    else if (verb === "choose") view.follow(value);
    else if (verb === "theme") this.theme(this.look.theme.name === "dark" ? "light" : "dark");
    else if (verb === "picture") this.save();
    else view.do(verb);
    if (before !== view.standpoint && this.lens && !this.calm) this.flight = { from: this.lens, since: performance.now() };
    if (verb === "slower" || verb === "faster") this.say(`speed ${view.clock.speed}×`);
    this.refresh();
    if (view.shown.help !== this.help.open) view.shown.help ? this.help.showModal() : this.help.close();
  }

  /** Follow the avatar under a point of the picture (px). */
  pick(x, y) {
    let best = REACH_PX;
    let found = "";
    for (const f of this.figures) {
      const [px, py, depth] = project(this.matrix, [f.x, f.y, 0.6], this.width, this.height);
      const far = Math.hypot(px - x, py - y);
      if (depth > 0 && far < best) [best, found] = [far, f.name];
    }
    if (found) this.act(["choose", found]);
  }

  /** The pixel [x, y] at which a point [x, y, z] of the world is seen. */
  spot(point) {
    return project(this.matrix, point, this.width, this.height).slice(0, 2);
  }

  /** Light or dark; without a name, as the system has it. */
  theme(name) {
    this.chosenTheme = name in shared.themes ? name : "";
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = shared.themes[this.chosenTheme || (dark ? "dark" : "light")];
    this.look.theme = theme;
    for (const [key, value] of Object.entries(theme)) {
      if (Array.isArray(value) && value.length === 3 && !Array.isArray(value[0])) this.root.style.setProperty(`--${key}`, css(value));
    }
    this.root.classList.toggle("dark", theme.name === "dark");
    const other = theme.name === "dark" ? "Light" : "Dark";
    this.look.textContent = other;
    this.look.title = `${other} theme`;
    this.look.setAttribute("aria-label", `${other} theme`);
    this.refresh();
  }

  /** Show what has changed besides the moment, and draw. */
  refresh() {
    const { view } = this;
    for (const button of [...this.cameras.children, ...this.toggles]) {
      button.setAttribute("aria-pressed", `${button.value === view.camera || view.shown[button.value] === true}`);
    }
    this.root.classList.toggle("bare", !view.shown.panels);
    this.told = "";
    this.#measure();
    view.clock.tell();
    if (this.options.hash && !view.clock.playing) toHash(view);
  }

  /** Draw soon. */
  wake() {
    if (!this.stopped && !this.pending) this.pending = requestAnimationFrame((stamp) => this.#frame(stamp));
  }

  #frame(stamp) {
    this.pending = 0;
    const { view, theme } = this.#now();
    const was = view.clock.playing;
    view.clock.advance(stamp, this.replay.step_s);
    if (was && !view.clock.playing) this.refresh();
    view.turnGaze(this.stamp ? Math.min((stamp - this.stamp) / 1000, 0.25) : 0, this.calm || !was);
    if (this.flight) this.busy = performance.now();
    const moving = was || performance.now() - this.busy < CALM_MS;
    if (was && this.stamp) this.#pace(stamp - this.stamp);
    this.stamp = was ? stamp : 0;
    clearTimeout(this.fine);
    if (moving && !was) this.fine = setTimeout(() => this.wake(), CALM_MS + 20);
    this.draw(theme, moving ? this.pace : 0);
    if (view.clock.playing || this.flight) this.wake();
  }

  /** Where one looks from: on the way from one camera to the next for a moment, else at `goal`. */
  #fly(goal) {
    const since = this.flight ? (performance.now() - this.flight.since) / FLIGHT_MS : 1;
    if (since >= 1) this.flight = null;
    return this.flight ? blend(this.flight.from, goal, since * since * (3 - 2 * since)) : goal;
  }

  #now() {
    return { view: this.view, theme: this.look.theme };
  }

  /** Less quality while things move, where frames take too long; a level that was too slow is not tried again. */
  #pace(took) {
    this.times.push(took);
    if (this.times.length < 9) return;
    const usual = this.times.sort((a, b) => a - b)[4];
    this.times = [];
    if (usual > SLOW_MS && this.pace < QUALITY.length - 1) this.pace++;
  }

  /** Draw the moment at one of the stage's qualities. */
  draw(theme, quality) {
    const { view, replay, share } = this;
    const t = Math.floor(view.now);
    const time = view.now * replay.step_s;
    this.figures = view.figures();
    const left = view.camera === "top" ? share.title : share.left;
    const camera = (this.lens = this.#fly(view.lens(this.figures, this.width, this.height, [left, share.right, share.bottom, share.top])));
    this.matrix = matrix(camera, this.width / this.height);
    const level = replay.level(t);
    const goals = replay.goals(t);
    const me = this.figures.find((f) => f.name === view.chosen);
    const reading = replay.reading(t, view.chosen);
    const shown = this.figures.filter((f) => f.index !== camera.hides);
    this.#marks(theme, { t, time, shown, goals, me, reading, inside: camera.hides >= 0 });
    this.stage.resize(this.width, this.height, quality);
    if (this.beamed !== t) [this.beamed, this.beams] = [t, replay.beams(t)];
    this.stage.draw({ level, beams: this.beams, avatars: avatars(shown, time), flags: flags(goals, time), camera, theme });
    this.#words({ t, shown, camera, level });
    this.timeline.show();
    const told = `${t} ${view.chosen} ${theme.name}`;
    if (told !== this.told) this.card.show(view.chosen, me, replay.note(t, view.chosen), reading, theme);
    this.told = told;
  }

  #marks(theme, { t, time, shown, goals, me, reading, inside }) {
    const { view, replay } = this;
    const flat = this.stage.begin();
    if (view.shown.visits) overlays.visits(flat, view.visits(), theme.heat);
    if (me && reading?.rays && view.shown.rays && !inside && view.camera !== "top") {
      overlays.fan(flat, me.x, me.y, overlays.sight(reading.rays, me.heading), theme.sensed);
    }
    overlays.spots(flat, replay.spots(t));
    overlays.goals(flat, goals, me ? me.colour : -1, this.calm ? 0 : time);
    if (view.shown.trails) for (const f of shown) overlays.trail(flat, view.trail(f), f.colour, f.name === view.chosen);
    overlays.footprints(flat, shown, view.chosen);
  }

  #words({ t, shown, camera, level }) {
    const { view, replay } = this;
    const inside = camera.hides >= 0;
    const own = view.camera === "top" || view.camera === "orbit";
    const said = view.shown.bubbles ? view.words(shown) : new Map();
    this.labels.show({
      plates: inside ? [] : replay.labels(t),
      names: shown.filter((f) => view.shown.names || (own && f.name === view.chosen)).map((figure) => ({ figure, chosen: figure.name === view.chosen })).sort((a, b) => b.chosen - a.chosen),
      bubbles: shown.filter((f) => said.has(f.name)).map((figure) => ({ figure, text: said.get(figure.name) })),
      matrix: this.matrix, width: this.width, height: this.height,
      clear: (figure) => !inside || inSight(level, camera.eye, figure),
    });
  }

  /** Show a short message for a while. */
  say(message) {
    this.status.textContent = message;
    this.status.classList.add("shown");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => this.status.classList.remove("shown"), 2500);
  }

  /** Save what the canvas shows as a PNG file. */
  save() {
    this.draw(this.look.theme, 0);
    const name = `${this.replay.world}-${Math.floor(this.view.now)}.png`;
    this.canvas.toBlob((blob) => {
      const link = h("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    this.say(`saved ${name}`);
  }

  /** Go by the same clock as another player from now on, so that both show the same step. */
  link(other) {
    const { clock } = this.view;
    const theirs = other.view.clock;
    if (clock === theirs) return this;
    clock.last = Math.max(clock.last, theirs.last);
    for (const player of theirs.players) {
      player.view.clock = clock;
      clock.players.add(player);
    }
    for (const player of clock.players) player.refresh();
    return this;
  }

  /** Take everything off the page. */
  destroy() {
    if (this.stopped) return;
    this.stopped = true;
    cancelAnimationFrame(this.pending);
    clearTimeout(this.fine);
    this.view.clock.players.delete(this);
    this.unlisten.abort();
    this.sizes.disconnect();
    this.stage.dispose();
    this.root.remove();
  }

  /** The followed avatar's name as people write it. */
  get following() {
    return title(this.view.chosen);
  }
}
