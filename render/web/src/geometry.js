// Meshes as lists of triangles, counter-clockwise seen from outside: what geometry.py makes for the viewer.

/** sRGB bytes as linear light. */
export const linear = (colour) => colour.map((c) => (c / 255) ** 2.2);

/** Grows as vertices are added; `fields` names attributes and their widths. */
export class Mesh {
  constructor(fields) {
    this.fields = Object.entries(fields);
    this.lists = Object.fromEntries(this.fields.map(([name]) => [name, []]));
    this.count = 0;
  }

  /** Add a vertex: one value or array for each field, in order. */
  vertex(...values) {
    this.fields.forEach(([name, width], k) => (width === 1 ? this.lists[name].push(values[k]) : this.lists[name].push(...values[k])));
    this.count++;
  }

  /** Two triangles from four corners, each a list of values as `vertex` takes them. */
  quad(a, b, c, d) {
    for (const corner of [a, b, c, a, c, d]) this.vertex(...corner);
  }

  /** Float32Array by field. */
  arrays() {
    return Object.fromEntries(this.fields.map(([name]) => [name, new Float32Array(this.lists[name])]));
  }
}

export const LIT = { position: 3, normal: 3, colour: 3, light: 1 };

const FACES = [
  [[1, 0, 0], [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]]],
  [[-1, 0, 0], [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]]],
  [[0, 1, 0], [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1]]],
  [[0, -1, 0], [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]]],
  [[0, 0, 1], [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]],
];
const UNDERSIDE = [[0, 0, -1], [[0, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]]];

/** Calls `add(normal, corners)` for the five faces of a box that can be seen; corners are [position, share of height]. */
export function faces([x0, y0, x1, y1, z0, z1], add) {
  const low = [x0, y0, z0];
  const high = [x1, y1, z1];
  for (const [normal, corners] of FACES) add(normal, corners.map((pick) => [pick.map((p, k) => (p ? high[k] : low[k])), pick[2]]));
}

/** A box without its underside; sides darken towards the foot. */
export function box(mesh, extent, side, top, foot = 0.66) {
  faces(extent, (normal, corners) => {
    mesh.quad(...corners.map(([at, up]) => [at, normal, normal[2] ? top : side, normal[2] || up ? 1 : foot]));
  });
}

/** A straight bar with a square section from one place to another. */
export function beam(mesh, from, to, width, colour) {
  const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
  const unit = (v) => v.map((c) => c / (Math.hypot(...v) || 1));
  const along = to.map((c, k) => c - from[k]);
  const length = Math.hypot(...along);
  const ahead = length ? unit(along) : [1, 0, 0];
  const side = unit(cross(Math.abs(ahead[2]) > 0.9 ? [1, 0, 0] : [0, 0, 1], ahead));
  const frame = [ahead, side, cross(ahead, side)];
  const turned = (v) => [0, 1, 2].map((k) => v[0] * frame[0][k] + v[1] * frame[1][k] + v[2] * frame[2][k]);
  for (const [normal, corners] of [...FACES, UNDERSIDE]) {
    const place = ([a, b, c]) => turned([a * length, (b - 0.5) * width, (c - 0.5) * width]).map((v, k) => v + from[k]);
    mesh.quad(...corners.map((pick) => [place(pick), turned(normal), colour, 1]));
  }
}

/** A body of revolution about the z axis: calls `add(position, normal)` for the corners of each quad; profile: [radius, z], bottom to top. */
export function lathe(profile, segments, add) {
  const last = profile.length - 1;
  const slope = profile.map((_, k) => {
    const [before, after] = [profile[Math.max(k - 1, 0)], profile[Math.min(k + 1, last)]];
    return [after[0] - before[0], after[1] - before[1]];
  });
  const ring = Array.from({ length: segments + 1 }, (_, s) => [Math.cos((2 * Math.PI * s) / segments), Math.sin((2 * Math.PI * s) / segments)]);
  const corner = (k, s) => {
    const [[r, z], [dr, dz], [c, n]] = [profile[k], slope[k], ring[s]];
    const size = Math.hypot(dr, dz) || 1;
    return [[r * c, r * n, z], [(dz * c) / size, (dz * n) / size, -dr / size]];
  };
  for (let k = 0; k < last; k++) {
    for (let s = 0; s < segments; s++) add([corner(k, s), corner(k, s + 1), corner(k + 1, s + 1), corner(k + 1, s)]);
  }
}

/** The profile of an ellipsoid `squash` times as high as it is wide, about height z. */
export function round(radius, squash = 1, z = 0, points = 7) {
  return Array.from({ length: points }, (_, k) => {
    const angle = -Math.PI / 2 + (Math.PI * k) / (points - 1);
    return [radius * Math.cos(angle), z + squash * radius * Math.sin(angle)];
  });
}
