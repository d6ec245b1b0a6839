"""Marks on the floor, blended over the picture: rings under avatars, goals, trails, what an avatar senses."""

from collections.abc import Mapping, Sequence

import numpy as np

from avatarium.render.draw import palette
from avatarium.render.draw.geometry import FLAT, flat_quads

FLOOR_M, _DASH_M = 0.012, 0.5
_FAN_BLUE = np.array([0.36, 0.55, 0.9], np.float32)


def rings(
    centres: np.ndarray, z_m: float, radii: Sequence[float], opacity: Sequence[float], colours: np.ndarray, segments: int = 28
) -> np.ndarray:
    """Concentric bands about each of ``centres`` [K, 2] (m), FLAT.

    From one of ``radii`` (m) to the next, opacity goes from one of ``opacity`` to the next. ``colours``: sRGB in [0, 1], [K, 3].
    """
    r, a, k = np.asarray(radii, np.float32), np.asarray(opacity, np.float32), len(centres)
    turn = np.linspace(0, 2 * np.pi, segments + 1, dtype=np.float32)
    edge = np.stack([np.cos(turn), np.sin(turn)], 1)[None] * r[:, None, None]
    local = np.stack([edge[:-1, :-1], edge[1:, :-1], edge[1:, 1:], edge[:-1, 1:]], axis=2)
    corners = np.full((k, *local.shape[:3], 3), z_m, np.float32)
    corners[..., :2] = local[None] + np.asarray(centres, np.float32)[:, None, None, None]
    colour = np.empty((*corners.shape[:4], 4), np.float32)
    colour[..., :3] = np.asarray(colours, np.float32)[:, None, None, None]
    colour[..., 3] = np.stack([a[:-1], a[1:], a[1:], a[:-1]], axis=1)[None, :, None]
    return flat_quads(corners.reshape(-1, 4, 3), colour.reshape(-1, 4, 4))


def people(indices: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of palette indices, float32 [K, 3]."""
    return np.asarray(palette.PEOPLE[indices.astype(int) % len(palette.PEOPLE)] / np.float32(255), np.float32)


def footprints(figures: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """For FIGURE [A]: a contact shadow, a ring in the avatar's colour, a chevron where it faces; stronger where ``chosen`` [A]. FLAT."""
    where, colours = np.stack([figures["x"], figures["y"]], 1), people(figures["colour"])
    parts = [rings(where, FLOOR_M, (0.0, 0.24, 0.42), (0.34, 0.26, 0.0), np.broadcast_to([0.1, 0.12, 0.18], colours.shape))]
    for some, outer, strength in ((~chosen, 0.405, 0.6), (chosen, 0.43, 0.95)):
        band = rings(where[some], FLOOR_M + 0.002, (0.35, 0.36, outer, outer + 0.01), (0.0, strength, strength, 0.0), colours[some])
        parts += [band, _chevrons(where[some], figures["heading"][some], colours[some], strength)]
    return np.concatenate(parts)


def _chevrons(where: np.ndarray, heading: np.ndarray, colours: np.ndarray, strength: float) -> np.ndarray:
    ahead = np.stack([np.cos(heading), np.sin(heading)], 1)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
    shape = ((0.51, 0.0), (0.47, -0.15), (0.66, 0.0), (0.47, 0.15))
    corners = np.full((len(where), 4, 3), FLOOR_M + 0.002, np.float32)
    corners[..., :2] = np.stack([where + ahead * a + across * b for a, b in shape], axis=1)
    colour = np.concatenate([colours, np.full((len(colours), 1), strength)], axis=1)
    return flat_quads(corners, colour[:, None])


def goals(places: np.ndarray, chosen: np.ndarray, time_s: float) -> np.ndarray:
    """Soft rings at ``places`` [G, 3] (x, y, palette index); those ``chosen`` [G] are stronger and breathe. FLAT."""
    where, colours = places[:, :2], people(places[:, 2])
    parts = []
    for some, peak, swell in ((~chosen, 0.5, 0.0), (chosen, 0.9, 0.05 * float(np.sin(3.0 * time_s)))):
        parts.append(rings(where[some], FLOOR_M, (0.0, 0.5 + swell), (0.3 * peak, 0.1 * peak), colours[some]))
        edge = (0.47 + swell, 0.5 + swell, 0.55 + swell, 0.58 + swell)
        parts.append(rings(where[some], FLOOR_M + 0.001, edge, (0.0, peak, peak, 0.0), colours[some]))
        if swell:
            halo = (0.58 + swell, 0.62 + 2 * swell, 0.9 + 3 * swell)
            parts.append(rings(where[some], FLOOR_M + 0.001, halo, (0.0, 0.3, 0.0), colours[some]))
    return np.concatenate(parts)


def ribbon(points: np.ndarray, colour: np.ndarray, opacity: tuple[float, float], width_m: tuple[float, float]) -> np.ndarray:
    """A strip on the floor along points [P, 2]; opacity and width go from first to last value. FLAT, empty for fewer than two points."""
    if len(points) < 2:
        return np.zeros(0, FLAT)
    p = np.asarray(points, np.float32)
    along = np.gradient(p, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
    t = np.linspace(0, 1, len(p), dtype=np.float32)
    half = across * (width_m[0] + (width_m[1] - width_m[0]) * t[:, None]) / 2
    left, right = (np.concatenate([q, np.full((len(p), 1), FLOOR_M + 0.004)], axis=1) for q in (p + half, p - half))
    alpha = opacity[0] + (opacity[1] - opacity[0]) * t
    colours = np.zeros((len(p) - 1, 4, 4), np.float32)
    colours[..., :3] = colour
    colours[..., 3] = np.stack([alpha[:-1], alpha[1:], alpha[1:], alpha[:-1]], 1)
    return flat_quads(np.stack([right[:-1], right[1:], left[1:], left[:-1]], 1), colours)


def trail(points: np.ndarray, colour_index: int, chosen: bool) -> np.ndarray:
    """Where an avatar has walked, points [P, 2] from oldest to newest; jumps of more than a metre break the trail. FLAT."""
    jumps = np.flatnonzero(np.linalg.norm(np.diff(points, axis=0), axis=1) > 1.0)
    latest = points[jumps[-1] + 1 :] if len(jumps) else points
    opacity, width = ((0.0, 0.65), (0.03, 0.13)) if chosen else ((0.0, 0.4), (0.02, 0.09))
    return ribbon(latest, people(np.array([colour_index]))[0], opacity, width)


def fan(x: float, y: float, angles: np.ndarray, reach_m: np.ndarray, met: Sequence[str], sensed: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Rays from (x, y) along ``angles`` [R] (rad) that end after ``reach_m`` [R] at what they ``met`` (keys of ``sensed``). FLAT."""
    z = FLOOR_M + 0.006
    ways = np.stack([np.cos(angles), np.sin(angles)], 1)
    centre, ends = np.array([x, y]), ways * reach_m[:, None] + (x, y)
    rim = np.concatenate([ends, np.full((len(ends), 1), z)], axis=1)
    middle = np.broadcast_to([x, y, z], (len(rim) - 1, 3))
    sectors = np.stack([middle, rim[:-1], rim[1:], rim[1:]], 1)
    fill = flat_quads(sectors, np.array([[*_FAN_BLUE, a] for a in (0.24, 0.05, 0.05, 0.05)]))
    side = np.stack([-ways[:, 1], ways[:, 0]], 1) * 0.011
    spokes = np.full((len(ways), 4, 3), z, np.float32)
    spokes[..., :2] = np.stack([centre - side, ends - side, ends + side, centre + side], axis=1)
    lines = flat_quads(spokes, np.array([[*_FAN_BLUE, a] for a in (0.16, 0.3, 0.3, 0.16)]))
    hits = np.array([kind != "nothing" for kind in met])
    colours = np.array([sensed[kind] for kind in met], np.float32).reshape(-1, 3) / 255
    return np.concatenate([fill, lines, rings(ends[hits], z + 0.002, (0.0, 0.07), (0.95, 0.8), colours[hits], 8)])


def dashes(points: np.ndarray, colour_index: int, time_s: float) -> np.ndarray:
    """A way along points [P, 2] (m) as dashes that run towards its end. FLAT, empty for fewer than two points."""
    p = np.asarray(points, np.float32).reshape(-1, 2)
    way = np.diff(p, axis=0)
    legs = np.linalg.norm(way, axis=1)
    far = np.concatenate([[0.0], np.cumsum(legs)])
    if far[-1] < 0.2:
        return np.zeros(0, FLAT)
    begin = np.arange((time_s * 0.6) % _DASH_M - _DASH_M, far[-1], _DASH_M)[:, None]
    low = np.maximum(np.maximum(begin, 0.3), far[None, :-1])  # each dash on each leg; empty on most of them
    high = np.minimum(begin + 0.6 * _DASH_M, far[None, 1:])
    dash, leg = np.nonzero(high - low > 0.01)
    unit = way[leg] / legs[leg, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], axis=1) * 0.055
    start = p[leg] + unit * (low[dash, leg] - far[leg])[:, None]
    end = p[leg] + unit * (high[dash, leg] - far[leg])[:, None]
    corners = np.full((len(leg), 4, 3), FLOOR_M + 0.005, np.float32)
    corners[..., :2] = np.stack([start - across, end - across, end + across, start + across], axis=1)
    return flat_quads(corners, np.array([*people(np.array([colour_index]))[0], 0.85]))
