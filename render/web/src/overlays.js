// Marks on the floor, blended over the picture, as overlays.py makes them: rings, goals, trails, what an avatar senses; and visits.
import shared from "./shared.json";

const Z = shared.floor;
const FAN = [0.36, 0.55, 0.9];
export const VISITED_M = 0.5;

/** Palette index as sRGB in [0, 1]. */
export const tone = (index) => shared.people[index % shared.people.length].map((c) => c / 255);

/** Blended triangles: positions (m) and sRGB colours with opacity, in buffers that grow and are filled again for every frame. */
export class Flat {
  constructor() {
    this.position = new Float32Array(3 * 4096);
    this.colour = new Float32Array(4 * 4096);
    this.count = 0;
  }

  clear() {
    this.count = 0;
    return this;
  }

  vertex(at, colour) {
    if (3 * (this.count + 1) > this.position.length) {
      for (const name of ["position", "colour"]) {
        const larger = new Float32Array(2 * this[name].length);
        larger.set(this[name]);
        this[name] = larger;
      }
    }
    this.position.set(at, 3 * this.count);
    this.colour.set(colour, 4 * this.count);
    this.count++;
  }

  /** A quad of one colour. */
  quad(corners, colour) {
    for (const k of [0, 1, 2, 0, 2, 3]) this.vertex(corners[k], colour);
  }

  /** A quad with a colour for each corner. */
  quads(corners, colours) {
    for (const k of [0, 1, 2, 0, 2, 3]) this.vertex(corners[k], colours[k]);
  }
}

/** Concentric bands about (x, y): from one of `radii` to the next, opacity goes from one of `opacity` to the next. */
export function rings(flat, x, y, z, radii, opacity, colour, segments = 28) {
  for (let s = 0; s < segments; s++) {
    const [a, b] = [(2 * Math.PI * s) / segments, (2 * Math.PI * (s + 1)) / segments];
    const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    for (let k = 0; k + 1 < radii.length; k++) {
      const [r, q] = [radii[k], radii[k + 1]];
      const corners = [[x + ca * r, y + sa * r, z], [x + ca * q, y + sa * q, z], [x + cb * q, y + sb * q, z], [x + cb * r, y + sb * r, z]];
      flat.quads(corners, [opacity[k], opacity[k + 1], opacity[k + 1], opacity[k]].map((o) => [...colour, o]));
    }
  }
}

/** For each figure: a contact shadow, a ring in its colour, a chevron where it faces; stronger for the one that is chosen. */
export function footprints(flat, figures, chosen) {
  for (const { x, y } of figures) rings(flat, x, y, Z, [0, 0.24, 0.42], [0.34, 0.26, 0], [0.1, 0.12, 0.18]);
  for (const { x, y, heading, colour, name } of figures) {
    const [outer, strength] = name === chosen ? [0.43, 0.95] : [0.405, 0.6];
    rings(flat, x, y, Z + 0.002, [0.35, 0.36, outer, outer + 0.01], [0, strength, strength, 0], tone(colour));
    const [c, s] = [Math.cos(heading), Math.sin(heading)];
    const corner = ([ahead, left]) => [x + c * ahead - s * left, y + s * ahead + c * left, Z + 0.002];
    flat.quad([[0.51, 0], [0.47, -0.15], [0.66, 0], [0.47, 0.15]].map(corner), [...tone(colour), strength]);
  }
}

/** Soft rings at places to go to; those of the colour that is followed are stronger and breathe. */
export function goals(flat, places, followed, time) {
  for (const { x, y, colour } of places) {
    const own = colour === followed;
    const [peak, swell] = own ? [0.9, 0.05 * Math.sin(3 * time)] : [0.5, 0];
    const rgb = tone(colour);
    rings(flat, x, y, Z, [0, 0.5 + swell], [0.3 * peak, 0.1 * peak], rgb);
    rings(flat, x, y, Z + 0.001, [0.47, 0.5, 0.55, 0.58].map((r) => r + swell), [0, peak, peak, 0], rgb);
    if (own) rings(flat, x, y, Z + 0.001, [0.58 + swell, 0.62 + 2 * swell, 0.9 + 3 * swell], [0, 0.3, 0], rgb);
  }
}

/** Discs with a dark rim, each at its own height. */
export function spots(flat, places) {
  for (const { x, y, z, radius, colour } of places) {
    const rgb = tone(colour);
    rings(flat, x, y, z, [0, radius], [0.45, 0.45], rgb.map((c) => 0.35 * c), 14);
    rings(flat, x, y, z + 0.002, [0, 0.78 * radius, 0.85 * radius], [1, 1, 0], rgb, 14);
  }
}

/** Where an avatar has walked, points [x, y] from oldest to newest; jumps of more than a metre break the trail. */
export function trail(flat, points, colour, chosen) {
  let from = 0;
  points.forEach(([x, y], k) => {
    if (k && Math.hypot(x - points[k - 1][0], y - points[k - 1][1]) > 1) from = k;
  });
  const p = points.slice(from);
  if (p.length < 2) return;
  const [opacity, thin, thick] = chosen ? [0.65, 0.03, 0.13] : [0.4, 0.02, 0.09];
  const rgb = tone(colour);
  const edge = p.map(([x, y], k) => {
    const [before, after] = [p[Math.max(k - 1, 0)], p[Math.min(k + 1, p.length - 1)]];
    const [dx, dy] = [after[0] - before[0], after[1] - before[1]];
    const half = (thin + ((thick - thin) * k) / (p.length - 1)) / 2 / (Math.hypot(dx, dy) + 1e-6);
    return [[x - dy * half, y + dx * half, Z + 0.004], [x + dy * half, y - dx * half, Z + 0.004]];
  });
  for (let k = 0; k + 1 < p.length; k++) {
    const [a, b] = [k, k + 1].map((i) => [...rgb, (opacity * i) / (p.length - 1)]);
    flat.quads([edge[k][1], edge[k + 1][1], edge[k + 1][0], edge[k][0]], [a, b, b, a]);
  }
}

/** Directions (rad, absolute), lengths (m) and what each ray of a reading met: a key of the theme's `sensed`. */
export function sight({ near, met, fan: [width, range] }, heading) {
  return near.map((share, k) => ({
    angle: heading + (near.length > 1 ? k / (near.length - 1) - 0.5 : 0) * width,
    reach: (1 - share) * range,
    met: ["nothing", "wall", "avatar", "object"][met[k]],
  }));
}

/** Rays on the floor from (x, y), and what they met, in the colours `sensed`. */
export function fan(flat, x, y, rays, sensed) {
  const z = Z + 0.006;
  const end = ({ angle, reach }) => [x + Math.cos(angle) * reach, y + Math.sin(angle) * reach, z];
  for (let k = 0; k + 1 < rays.length; k++) {
    flat.vertex([x, y, z], [...FAN, 0.24]);
    flat.vertex(end(rays[k]), [...FAN, 0.05]);
    flat.vertex(end(rays[k + 1]), [...FAN, 0.05]);
  }
  for (const ray of rays) {
    const [ex, ey] = end(ray);
    const [sx, sy] = [-Math.sin(ray.angle) * 0.011, Math.cos(ray.angle) * 0.011];
    const corners = [[x - sx, y - sy, z], [ex - sx, ey - sy, z], [ex + sx, ey + sy, z], [x + sx, y + sy, z]];
    flat.quads(corners, [0.16, 0.3, 0.3, 0.16].map((o) => [...FAN, o]));
  }
  for (const ray of rays) {
    if (ray.met === "nothing") continue;
    const [ex, ey] = end(ray);
    rings(flat, ex, ey, z + 0.002, [0, 0.07], [0.95, 0.8], sensed[ray.met].map((c) => c / 255), 8);
  }
}

/** How often squares of the floor were visited, {x, y, share of the most visited}, from thin to dense: colours `heat` few, some, many. */
export function visits(flat, cells, heat) {
  const half = VISITED_M / 2 - 0.015;
  for (const { x, y, share } of cells) {
    const at = 2 * Math.sqrt(share);
    const k = Math.min(Math.floor(at), 1);
    const rgb = heat[k].map((c, i) => (c + (heat[k + 1][i] - c) * (at - k)) / 255);
    const z = Z - 0.004;
    const corners = [[x - half, y - half, z], [x + half, y - half, z], [x + half, y + half, z], [x - half, y + half, z]];
    flat.quad(corners, [...rgb, 0.35 + 0.45 * Math.sqrt(share)]);
  }
}
