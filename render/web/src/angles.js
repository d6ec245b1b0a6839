// Angles in radians.

/** The short way from one heading to another, in (-pi, pi]. */
export function turn(from, to) {
  const way = (to - from) % (2 * Math.PI);
  return way > Math.PI ? way - 2 * Math.PI : way <= -Math.PI ? way + 2 * Math.PI : way;
}
