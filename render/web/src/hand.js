// Mouse and fingers on the picture: turn, move, zoom, and choose an avatar.

const CLICK_PX = 6;

/** Listen to `canvas`; `on` has drag(dx, dy, pan), zoom(clicks), pick(x, y), done(), and wheels() that says whether the wheel is ours. */
export function attach(canvas, on) {
  const down = new Map();
  let moved = 0;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, [event.clientX, event.clientY]);
    if (down.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const from = down.get(event.pointerId);
    if (!from) return;
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    const spread = () => {
      const [a, b] = [...down.values()];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    };
    const before = down.size === 2 ? spread() : 0;
    down.set(event.pointerId, [event.clientX, event.clientY]);
    moved += Math.hypot(dx, dy);
    if (down.size === 2) {
      on.drag(dx / 2, dy / 2, true);
      if (before > 10) on.zoom(Math.log(spread() / before) / Math.log(1.12));
    } else if (moved > CLICK_PX) on.drag(dx, dy, (event.buttons & 2) !== 0 || event.shiftKey);
  });
  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    const box = canvas.getBoundingClientRect();
    if (moved <= CLICK_PX && event.type === "pointerup" && event.button === 0) on.pick(event.clientX - box.left, event.clientY - box.top);
    if (!down.size) on.done();
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("wheel", (event) => {
    if (!on.wheels()) return;
    event.preventDefault();
    on.zoom(-event.deltaY / (event.deltaMode ? 3 : 100));
    on.done();
  }, { passive: false });
}
