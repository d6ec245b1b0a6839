// What keys do, and the list of them.
import { h } from "./dom.js";

export const KEYS = {
  " ": "play", 1: "orbit", 2: "follow", 3: "top", 4: "first", f: "next", F: "previous", ",": "slower", ".": "faster", ArrowLeft: "back",
  ArrowRight: "on", Home: "beginning", End: "end", h: "help", u: "panels", r: "rays", t: "trails", n: "names", b: "bubbles", v: "visits",
  l: "theme", p: "picture", "+": "nearer", "=": "nearer", "-": "farther", a: "turn left", d: "turn right", w: "turn up", s: "turn down",
};
const TEN = { back: "back ten", on: "on ten" };

const HELP = [
  ["space", "play or pause"],
  ["← →", "a step back or on (with shift: ten)"],
  [", .", "slower or faster"],
  ["home end", "beginning or end"],
  ["1 2 3 4", "camera: orbit, follow, top, first person"],
  ["F, click", "choose whom to follow (shift F: the one before)"],
  ["drag, wheel", "turn and zoom the view (right button, two fingers: move it)"],
  ["W A S D, + −", "the same with keys"],
  ["R", "what it senses, drawn on the floor"],
  ["T  N  B", "trails, names, speech bubbles"],
  ["V", "where it has been, as a heat map"],
  ["U", "panels on or off"],
  ["L", "light or dark"],
  ["P", "save a picture (PNG)"],
  ["H", "this help"],
];

/** The action of a key event; nothing for keys that are the browser's, or belong to what has the focus. */
export function action(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return "";
  const focus = event.composedPath()[0];
  const name = event.key.length === 1 && event.key !== "F" ? event.key.toLowerCase() : event.key;
  if (focus.tagName === "SELECT" || (focus.tagName === "BUTTON" && (name === " " || name === "Enter"))) return "";
  const found = KEYS[name] || "";
  return (event.shiftKey && TEN[found]) || found;
}

/** A dialog that lists the keys. */
export function helpDialog(closed) {
  const rows = HELP.flatMap(([keys, meaning]) => [h("dt", { textContent: keys }), h("dd", { textContent: meaning })]);
  const close = h("button", { type: "button", textContent: "Close", click: () => dialog.close() });
  const dialog = h("dialog", { className: "panel help", "aria-label": "Keys", close: closed }, h("h2", { textContent: "Keys" }), h("dl", {}, ...rows), close);
  return dialog;
}
