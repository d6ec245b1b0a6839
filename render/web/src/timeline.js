// Time at the foot of the picture: play, speed, step, scrub; ticks where something happened.
import { css, h, pen, title, write } from "./dom.js";
import shared from "./shared.json";
import { marks } from "./view.js";

const THUMB = 16;

export class Timeline {
  constructor(view, act) {
    this.view = view;
    const button = (className, label, text, action) => h("button", { className, type: "button", "aria-label": label, title: label, textContent: text, click: () => act(action) });
    this.play = button("play", "Play", "", "play");
    this.play.append(h("i"));
    this.range = h("input", {
      type: "range", min: 0, max: view.clock.last, step: 1, value: 0, "aria-label": "Step",
      input: () => act(["seek", this.range.valueAsNumber]),
    });
    this.ticks = h("canvas", { className: "ticks", "aria-hidden": "true" });
    this.step = h("output", { className: "step" });
    this.time = h("span", { className: "muted" });
    this.speed = h(
      "select",
      { "aria-label": "Speed", change: () => act(["speed", +this.speed.value]) },
      ...shared.speeds.map((speed) => h("option", { value: `${speed}`, textContent: `${speed}×` })),
    );
    this.legend = h("ul", { className: "legend panel", "aria-label": "Colours of ticks" });
    const buttons = h("div", { className: "steps" }, button("", "A step back", "‹", "back"), this.play, button("", "A step on", "›", "on"));
    const told = h("div", { className: "told" }, this.step, h("div", {}, this.speed, this.time));
    this.track = h("div", { className: "track" }, this.ticks, this.range);
    this.element = h("footer", { className: "panel time", role: "group", "aria-label": "Time" }, this.legend, buttons, this.track, told);
  }

  /** Tell the moment; cheap enough for every frame. */
  show() {
    const { clock, now, replay } = this.view;
    const t = Math.floor(now);
    const label = clock.playing ? "Pause" : "Play";
    if (this.play.title !== label) {
      this.play.title = label;
      this.play.setAttribute("aria-label", label);
      this.play.classList.toggle("playing", clock.playing);
    }
    if (this.range.valueAsNumber !== Math.round(clock.now)) this.range.value = Math.round(clock.now);
    const seconds = `${(now * replay.step_s).toFixed(1)} s`;
    this.range.setAttribute("aria-valuetext", `step ${t} of ${replay.steps}, ${seconds}`);
    this.range.style.setProperty("--share", `${(100 * clock.now) / Math.max(clock.last, 1)}%`);
    write(this.step, `${t} / ${replay.steps}`);
    write(this.time, seconds);
    if (this.speed.value !== `${clock.speed}`) this.speed.value = `${clock.speed}`;
  }

  /** Draw ticks, scale and legend anew: for another avatar, another width, another theme. */
  draw(theme) {
    const { clock, replay, chosen } = this.view;
    this.range.max = clock.last;
    const found = marks(replay, chosen);
    const [width, height] = [this.track.clientWidth, this.track.clientHeight];
    if (width < 1) return;
    const draw = pen(this.ticks, width, height);
    const across = (step) => THUMB / 2 + ((width - THUMB) * step) / Math.max(clock.last, 1);
    const colour = (kind) => theme.events[kind % theme.events.length];
    for (const { frame, kind, own } of found) {
      const tall = own ? 9 : 5;
      draw.fillStyle = css(colour(kind), own ? 0.95 : 0.55);
      draw.fillRect(Math.round(across(frame)) - 1, 14 - tall, 3, tall);
    }
    draw.fillStyle = css(theme.muted);
    draw.font = "11px Inter, system-ui, sans-serif";
    draw.textBaseline = "bottom";
    for (const value of scale(clock.last, width)) {
      const text = `${value}`;
      const half = draw.measureText(text).width / 2;
      draw.fillText(text, Math.min(Math.max(across(value), half), width - half) - half, height);
    }
    const present = replay.kinds.map((_, kind) => kind).filter((kind) => found.some((event) => event.kind === kind));
    this.legend.replaceChildren(...present.map((kind) => {
      const dot = h("i");
      dot.style.background = css(colour(kind));
      return h("li", {}, dot, title(replay.kinds[kind]).toLowerCase());
    }));
    this.legend.hidden = !present.length;
  }
}

/** Round numbers to write under the timeline. */
function scale(length, width) {
  const wanted = Math.max(length / Math.max(2, Math.min(6, width / 70)), 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const unit = [1, 2, 5, 10].find((m) => m * power >= wanted) * power;
  return Array.from({ length: Math.floor(length / unit) + 1 }, (_, k) => k * unit);
}
