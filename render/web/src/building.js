// The part of a scene that stands still, as building.py makes it: walls, furniture and floors, with sky light baked in.
import { LIT, Mesh, box, faces, lathe, linear, round } from "./geometry.js";
import shared from "./shared.json";

const SOLID = { wall: ["wall", "wall_top"], furniture: ["wood", "wood_top"], screen: ["screen", "screen_top"] };
const MANY_PLANTS = 60;

/** Walls, furniture, plants and base plate, of the colours `made`. */
export function solid(level, made) {
  const mesh = new Mesh(LIT);
  plinth(mesh, level.bounds, made);
  for (const { kind, extent } of level.boxes) if (SOLID[kind]) box(mesh, extent, ...SOLID[kind].map((name) => linear(made[name])));
  const plants = level.boxes.filter(({ kind }) => kind === "plant");
  for (const { extent } of plants) plant(mesh, extent, made, plants.length > MANY_PLANTS ? [10, 7, 5] : [16, 10, 7]);
  return { ...mesh.arrays(), height: level.boxes.reduce((high, { extent }) => Math.max(high, extent[5]), 0) || 1 };
}

function plinth(mesh, [x0, y0, x1, y1], made) {
  const rim = 0.12;
  const [side, top] = [linear(made.plinth), linear(made.wall_top)];
  faces([x0 - rim, y0 - rim, x1 + rim, y1 + rim, -shared.plinth, -0.02], (normal, corners) => {
    mesh.quad(...corners.map(([at]) => [at, normal, normal[2] ? top : side, at[2] < -0.1 ? 0.8 : 1]));
  });
}

const CROWN = [[0.25, 0.1, 0.52, 0.75, 0.85], [-0.3, 0.2, 0.62, 0.65, 0.95], [0.05, -0.3, 0.7, 0.62, 1.05], [0, 0, 0.85, 0.5, 1.2]];

function plant(mesh, [x0, y0, x1, y1, z0, z1], made, [potSides, crownSides, rows]) {
  const [r, high] = [Math.min(x1 - x0, y1 - y0) / 2, Math.max(z1 - z0, 0.3)];
  const middle = [(x0 + x1) / 2, (y0 + y1) / 2, z0];
  const turned = (profile, segments, colour, centre, light) => lathe(profile, segments, (corners) => {
    mesh.quad(...corners.map(([at, normal]) => [at.map((v, k) => v + centre[k] + middle[k]), normal, colour, light(at[2])]));
  });
  const pot = [[0, 0], [0.55 * r, 0], [0.75 * r, 0.35 * high], [0.66 * r, 0.36 * high], [0, 0.34 * high]];
  turned(pot, potSides, linear(made.pot), [0, 0, 0], (z) => Math.min(0.7 + 0.75 * z, 1));
  for (const [dx, dy, z, size, tone] of CROWN) {
    turned(round(r * size, 0.9, 0, rows), crownSides, linear(made.leaf).map((c) => c * tone), [r * dx, r * dy, high * z], () => 1);
  }
}

/** Panes, to be blended, into the flat drawing `flat`. */
export function panes(flat, level, made) {
  const colour = made.glass.map((c) => c / 255);
  for (const { kind, extent } of level.boxes) {
    if (kind !== "glass") continue;
    faces(extent, (normal, corners) => flat.quad(corners.map(([at]) => at), [...colour, normal[2] ? 0.85 : 0.3]));
  }
}

/** The soft shadow of the base plate on the table it stands on. */
export function contactShadow(flat, [x0, y0, x1, y1], strength) {
  const [rings, dark] = [[0, 0.3, 0.8, 1.6], [0.26, 0.14, 0.05, 0]];
  const inner = [[x0, y0, -1, -1], [x1, y0, 1, -1], [x1, y1, 1, 1], [x0, y1, -1, 1]];
  const at = ([x, y, ax, ay], far) => [x + ax * far, y + ay * far, -shared.plinth];
  for (let k = 0; k < 3; k++) {
    const shades = [dark[k], dark[k + 1], dark[k + 1], dark[k]].map((a) => [0.22, 0.25, 0.34, a * strength]);
    for (let i = 0; i < 4; i++) {
      const [p, q] = [inner[i], inner[(i + 1) % 4]];
      flat.quads([at(p, rings[k]), at(p, rings[k + 1]), at(q, rings[k + 1]), at(q, rings[k])], shades);
    }
  }
}

/** {width, height, data}: RGBA bytes, row 0 at y0: tint of the floor and, in the fourth channel, its sky light. */
export function floorMap(level, made) {
  const [x0, y0, x1, y1] = level.bounds;
  const scale = Math.min(shared.texels[0], shared.texels[1] / Math.max(x1 - x0, y1 - y0, 1e-3));
  const [w, h] = [Math.max(2, Math.round((x1 - x0) * scale)), Math.max(2, Math.round((y1 - y0) * scale))];
  const data = new Uint8Array(4 * w * h);
  const paint = (tint, fx0, fy0, fx1, fy1) => {
    for (let j = Math.max(0, Math.ceil(((fy0 - y0) * h) / (y1 - y0) - 0.5)); j < Math.min(h, ((fy1 - y0) * h) / (y1 - y0) - 0.5); j++) {
      const [from, to] = [Math.max(0, Math.ceil(((fx0 - x0) * w) / (x1 - x0) - 0.5)), Math.min(w, ((fx1 - x0) * w) / (x1 - x0) - 0.5)];
      for (let i = from; i < to; i++) data.set(tint, 4 * (j * w + i));
    }
  };
  paint(made.corridor, ...level.bounds);
  for (const { rect, tint } of level.floors) paint(made.tints[tint % made.tints.length], ...rect);
  blocked(level, w, h).forEach((cover, k) => (data[4 * k + 3] = Math.min(Math.max(255 * (1 - 1.5 * cover), 90), 255)));
  return { width: w, height: h, data };
}

/** Share of the sky that boxes hide from each floor texel, roughly: their footprints, blurred. */
function blocked({ bounds: [x0, y0, x1, y1], boxes }, w, h) {
  const [sx, sy] = [w / (x1 - x0), h / (y1 - y0)];
  let cover = new Float32Array(w * h);
  const share = (low, high, k) => Math.min(Math.max(Math.min(high, k + 1) - Math.max(low, k), 0), 1);
  for (const { extent: [bx0, by0, bx1, by1, z0] } of boxes) {
    if (z0 > 0.5) continue;
    const [left, right, low, high] = [(bx0 - x0) * sx, (bx1 - x0) * sx, (by0 - y0) * sy, (by1 - y0) * sy];
    for (let j = Math.max(0, Math.floor(low)); j < Math.min(h, high); j++) {
      for (let i = Math.max(0, Math.floor(left)); i < Math.min(w, right); i++) {
        cover[j * w + i] = Math.max(cover[j * w + i], share(left, right, i) * share(low, high, j));
      }
    }
  }
  for (const radius of [0.22, 0.3, 0.42]) {
    cover = blur(cover, w, h, 1, w, Math.max(1, Math.round(radius * sx)));
    cover = blur(cover, h, w, w, 1, Math.max(1, Math.round(radius * sy)));
  }
  return cover;
}

/** Running mean over 2 radius + 1 texels along one axis: `count` texels `step` apart, in `lines` lines `line` apart. */
function blur(image, count, lines, step, line, radius) {
  const out = new Float32Array(image.length);
  for (let k = 0; k < lines; k++) {
    const at = (i) => image[k * line + Math.min(Math.max(i, 0), count - 1) * step];
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < count; i++) {
      out[k * line + i * step] = sum / (2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
  return out;
}
