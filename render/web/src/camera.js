// Points of view, as camera.py places them: a camera is plain data.
import { turn } from "./angles.js";
import shared from "./shared.json";

const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((v) => v / Math.hypot(...a));
const NO_CUT = 1e6;
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

function basis(eye, target, up) {
  const forward = unit(sub(target, eye));
  const right = unit(cross(forward, up));
  return [right, cross(right, forward), forward];
}

/** World to clip space as 16 numbers, column by column. */
export function matrix(camera, aspect) {
  const [right, up, forward] = basis(camera.eye, camera.target, camera.up);
  const { near: n, far: f, shift } = camera;
  const t = 1 / Math.tan(camera.fov / 2);
  const rows = [right, up, forward.map((v) => -v)].map((row) => [...row, -dot(row, camera.eye)]);
  const clip = [
    rows[0].map((v, k) => (t / aspect) * v - shift[0] * rows[2][k]),
    rows[1].map((v, k) => t * v - shift[1] * rows[2][k]),
    rows[2].map((v, k) => ((f + n) / (n - f)) * v + (k === 3 ? (2 * f * n) / (n - f) : 0)),
    rows[2].map((v) => -v),
  ];
  return [0, 1, 2, 3].flatMap((column) => clip.map((row) => row[column]));
}

/** A point [x, y, z] in pixels from the top left, and its depth (m; negative behind the camera). */
export function project(m, [x, y, z], width, height) {
  const at = (row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row];
  const w = at(3);
  const safe = Math.abs(w) < 1e-6 ? 1e-6 : w;
  return [(at(0) / safe / 2 + 0.5) * width, (0.5 - at(1) / safe / 2) * height, w];
}

/** The nearest camera that looks along `forward` and sees all of `bounds` inside the margins (shares left, right, bottom, top). */
function fit(bounds, forward, up, fov, aspect, [left, right, bottom, top]) {
  const frame = basis([0, 0, 0], forward, up);
  const [x0, y0, x1, y1] = bounds;
  const corners = [x0, x1].flatMap((x) => [y0, y1].flatMap((y) => [-0.3, shared.cut].map((z) => frame.map((axis) => dot(axis, [x, y, z])))));
  const tans = [Math.tan(fov / 2) * aspect * (1 - left - right), Math.tan(fov / 2) * (1 - bottom - top)];
  let distance = 0;
  const offset = tans.map((tan, axis) => {
    const high = Math.max(...corners.map((c) => c[axis] / tan - c[2]));
    const low = Math.max(...corners.map((c) => -c[axis] / tan - c[2]));
    distance = Math.max(distance, (high + low) / 2);
    return (tan * (high - low)) / 2;
  });
  const eye = [0, 1, 2].map((k) => offset[0] * frame[0][k] + offset[1] * frame[1][k] - distance * frame[2][k]);
  const target = eye.map((v, k) => v + frame[2][k] * distance);
  const near = Math.max(0.3, distance * 0.05);
  return { eye, target, up, fov, shift: [left - right, bottom - top], cut: shared.cut, near, far: distance * 4, hides: -1, inside: 0 };
}

function closer(camera, zoom) {
  const eye = camera.eye.map((v, k) => camera.target[k] + (v - camera.target[k]) / zoom);
  return { ...camera, eye, near: camera.near / Math.max(zoom, 1) };
}

/** Look in from outside; `zoom` 2 is twice as near. */
export function orbit(bounds, aspect, yaw, pitch, zoom, margins) {
  const p = clamp(pitch, 0.15, Math.PI / 2 - 0.02);
  const forward = [Math.cos(yaw) * Math.cos(p), Math.sin(yaw) * Math.cos(p), -Math.sin(p)];
  return closer(fit(bounds, forward, [0, 0, 1], 0.62, aspect, margins), zoom);
}

/** Look straight down; the plan's longer side lies along the longer side of the picture. */
export function topDown(bounds, aspect, zoom, margins) {
  const up = topTurn(bounds, aspect) ? [-1, 0, 0] : [0, 1, 0];
  return closer(fit(bounds, [0, 0, -1], up, 0.35, aspect, margins), zoom);
}

/** The direction on the plan (rad) that lies to the right in a picture from above. */
export function topTurn([x0, y0, x1, y1], aspect) {
  const share = (x1 - x0) / (y1 - y0);
  return share > 1 !== aspect > 1 && Math.abs(Math.log(share)) > 0.2 ? Math.PI / 2 : 0;
}

/** The yaw from which a building lies along the longer side of the picture. */
export function broadside([x0, y0, x1, y1], aspect) {
  return x1 - x0 >= y1 - y0 === aspect >= 1 ? shared.yaw : shared.yaw + Math.PI / 2;
}

/** Look over an avatar's shoulder from behind and above. */
export function follow(x, y, heading, zoom, shift) {
  const [back, yaw] = [6.4 / zoom, heading + 0.35];
  const eye = [x - back * Math.cos(yaw), y - back * Math.sin(yaw), 0.5 + 6 / zoom];
  const target = [x + 1.3 * Math.cos(heading), y + 1.3 * Math.sin(heading), 0.4];
  return { eye, target, up: [0, 0, 1], fov: 0.8, shift, cut: shared.cut, near: 0.3, far: 400, hides: -1, inside: 0 };
}

/** Look through an avatar's eyes; walls stand at their full height and the figure `hides` itself is not drawn. */
export function firstPerson(x, y, heading, hides) {
  const eye = [x + 0.12 * Math.cos(heading), y + 0.12 * Math.sin(heading), shared.eye];
  const target = [eye[0] + Math.cos(heading), eye[1] + Math.sin(heading), shared.eye - 0.09];
  return { eye, target, up: [0, 0, 1], fov: 1.15, shift: [0, 0], cut: NO_CUT, near: 0.04, far: 120, hides, inside: 1 };
}

/** Direction of gaze on the plan and below the horizon (rad), and the distance to the target (m). */
function bearing({ eye, target, up }) {
  const [, above, forward] = basis(eye, target, up);
  const level = Math.hypot(forward[0], forward[1]);
  const ahead = level > 1e-3 ? forward : above;
  return [Math.atan2(ahead[1], ahead[0]), Math.atan2(-forward[2], level), Math.hypot(...sub(target, eye))];
}

/** The camera `share` of the way from one to the other: it turns, comes nearer and widens evenly, without rolling. */
export function blend(one, other, share) {
  const mix = (a, b) => a + (b - a) * share;
  const [[yaw0, pitch0, far0], [yaw1, pitch1, far1]] = [bearing(one), bearing(other)];
  const [yaw, pitch] = [yaw0 + turn(yaw0, yaw1) * share, mix(pitch0, pitch1)];
  const [wide0, wide1] = [Math.tan(one.fov / 2), Math.tan(other.fov / 2)];
  const tan = wide0 * (wide1 / wide0) ** share;
  const reach = (far0 * wide0 * ((far1 * wide1) / (far0 * wide0)) ** share) / tan;
  const target = one.target.map((v, k) => mix(v, other.target[k]));
  const gaze = [Math.cos(yaw) * Math.cos(pitch), Math.sin(yaw) * Math.cos(pitch), -Math.sin(pitch)];
  return {
    eye: target.map((v, k) => v - gaze[k] * reach), target, fov: 2 * Math.atan(tan),
    up: [Math.cos(yaw) * Math.sin(pitch), Math.sin(yaw) * Math.sin(pitch), Math.cos(pitch)],
    shift: one.shift.map((v, k) => mix(v, other.shift[k])), cut: share > 0.5 ? other.cut : one.cut,
    near: clamp(reach * 0.05, 0.04, 0.3), far: Math.max(one.far, other.far), inside: mix(one.inside, other.inside),
    hides: share > 0.7 ? other.hides : one.hides >= 0 && share < 0.3 ? one.hides : -1,
  };
}

/** World to the sun's shadow map, 16 numbers column by column: just holds everything between the floor of `bounds` and `height`. */
export function sunCamera([x0, y0, x1, y1], height) {
  const right = unit(cross(shared.sun.map((v) => -v), [0, 0, 1]));
  const view = [right, cross(right, shared.sun.map((v) => -v)), shared.sun];
  const corners = [x0 - 0.5, x1 + 0.5].flatMap((x) => [y0 - 0.5, y1 + 0.5].flatMap((y) => [-0.4, height + 0.3].map((z) => [x, y, z])));
  const rows = view.map((axis, k) => {
    const along = corners.map((c) => dot(axis, c));
    const [low, high] = [Math.min(...along), Math.max(...along)];
    return [...axis.map((v) => (2 * v) / (high - low)), -(high + low) / (high - low)].map((v) => (k === 2 ? -v : v));
  });
  return [0, 1, 2, 3].flatMap((column) => [...rows.map((row) => row[column]), column === 3 ? 1 : 0]);
}
