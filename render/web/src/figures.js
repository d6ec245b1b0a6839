// Avatars and flags, which figures.py makes: small meshes drawn once per figure.
import { Mesh, linear } from "./geometry.js";
import shared from "./shared.json";

/** Attributes of a figure's vertex and their widths. */
export const PART = { position: 3, normal: 3, colour: 3, own: 1, limb: 1 };
const PEOPLE = shared.people.map(linear);
const [USES, WAVES, POINTS] = shared.gestures;

/** Floats of an instance: x, y, z, heading; linear colour; swing of the hands, how far ahead, left and up the right one is held; scale. */
export const INSTANCE = { pose: 4, own_colour: 3, limbs: 4, size: 1 };

/** Palette index as linear light. */
export const person = (index) => PEOPLE[index % PEOPLE.length];

/** A mesh of shared.json as attributes by name, each triangle's corners one after the other. */
function unpacked({ places, normals, look, looks, order }) {
  const summed = (Kind, text) => {
    const values = new Kind(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
    for (let k = 1; k < values.length; k++) values[k] += values[k - 1];
    return values;
  };
  const [at, way] = [summed(Int16Array, places), summed(Int8Array, normals)];
  const [row, corners] = [summed(Uint8Array, look), summed(Uint16Array, order)];
  const { fine, steep } = shared.meshes;
  const mesh = new Mesh(PART);
  for (const v of corners) {
    const [r, g, b, own, limb] = looks[row[v]];
    const along = (values, unit) => [0, 1, 2].map((k) => values[k * row.length + v] / unit);
    mesh.vertex(along(at, fine), along(way, steep), [r, g, b], own, limb);
  }
  return mesh.arrays();
}

/** A friendly body that looks along +x. */
export const avatarMesh = () => unpacked(shared.meshes.avatar);

/** A pennant on a pole; the cloth takes the figure's colour. */
export const flagMesh = () => unpacked(shared.meshes.flag);

/** Instances of avatars: hands swing and the body bobs with walking speed; gestures are made with the right hand. */
export function avatars(figures, time) {
  const beat = Math.sin(time * 9);
  const held = { [USES]: [0.3, 0.12, 0.1 + 0.05 * beat], [WAVES]: [0.1, 0.1 * beat - 0.08, 0.78], [POINTS]: [0.42, 0.1, 0.3] };
  return figures.map((f) => {
    const stride = Math.min(f.speed, 1.5) / 1.5;
    const phase = time * 7 + f.index * 1.7;
    const hand = held[f.gesture] || [0, 0, 0];
    return [f.x, f.y, 0.03 * stride * Math.abs(Math.sin(phase)), f.heading, ...person(f.colour), 0.13 * stride * Math.sin(phase), ...hand, 1];
  });
}

/** Instances of flags at goals; they sway a little. */
export function flags(goals, time) {
  return goals.map((goal, k) => [goal.x, goal.y, 0, 0.35 + 0.12 * Math.sin(time * 2 + k), ...person(goal.colour), 0, 0, 0, 0, 1]);
}
