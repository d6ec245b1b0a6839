"""Kernels of the software renderer: which triangle each sample shows, its light, blended marks and flat drawing.

Coverage is found at 2 x 2 samples a pixel, as multisampling does, and every triangle in a pixel is shaded once. The formulas of light and
of the sheet are those of shaders/light.glsl and shaders/sheet.frag.glsl.
"""

import math

import numpy as np

from avatarium.render.draw.sunlight import SUN
from avatarium.worlds.core.kernels import kernel

F = np.float32
SX, SY, SZ = (float(v) for v in SUN)
_BRIGHTEST, _TONES_PER_UNIT = 2.0, 8192
_LIGHT = np.arange(int(_BRIGHTEST * _TONES_PER_UNIT) + 1) / _TONES_PER_UNIT
_TONES = np.minimum((_LIGHT / (1.0 + np.maximum(_LIGHT - 0.8, 0.0) * 0.45)) ** (1.0 / 2.2), 1.0).astype(np.float32)
BOX, GLYPH, SHADOW, TAIL, STROKE, IMAGE = range(6)
HIDDEN = 6.0
"""Pixels from its edge at which a shadow is under the box that throws it."""


@kernel
def clip_near(corners, out):
    """Cut a triangle [3, K] (clip x, y, z, w, then attributes) at the near plane into a polygon ``out`` [4, K]; returns its corners."""
    n = 0
    for i in range(3):
        a, b = corners[i], corners[(i + 1) % 3]
        da, db = a[2] + a[3], b[2] + b[3]
        if da > 0.0:
            for k in range(a.shape[0]):
                out[n, k] = a[k]
            n += 1
        if (da > 0.0) != (db > 0.0):
            t = da / (da - db)
            for k in range(a.shape[0]):
                out[n, k] = a[k] + t * (b[k] - a[k])
            n += 1
    return n


@kernel
def to_screen(corner, width, height):
    """x and y in samples from the top left, depth in [-1, 1] and 1 / w of a clip-space corner."""
    inverse = 1.0 / corner[3]
    return (corner[0] * inverse * 0.5 + 0.5) * width, (0.5 - corner[1] * inverse * 0.5) * height, corner[2] * inverse, inverse


@kernel
def cover(clip, cull, depth, shown, polygon):
    """Draw triangles ``clip`` [T, 3, 4] into ``depth`` and note the nearest one's number in ``shown`` [h, w].

    An empty ``shown`` leaves only depth, as a shadow map needs. ``polygon`` [4, 4] is working memory.
    """
    height, width = depth.shape
    note = shown.size > 0
    for t in range(clip.shape[0]):
        n = clip_near(clip[t], polygon)
        for k in range(1, n - 1):
            ax, ay, az, _ = to_screen(polygon[0], width, height)
            bx, by, bz, _ = to_screen(polygon[k], width, height)
            cx, cy, cz, _ = to_screen(polygon[k + 1], width, height)
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if area == 0.0 or (cull and area > 0.0):
                continue
            y0, y1 = max(0, math.ceil(min(ay, by, cy) - 0.5)), min(height - 1, math.floor(max(ay, by, cy) - 0.5))
            zx, zy = ((bz - az) * (cy - ay) - (cz - az) * (by - ay)) / area, ((cz - az) * (bx - ax) - (bz - az) * (cx - ax)) / area
            for y in range(y0, y1 + 1):
                left, right = span(ax, ay, bx, by, cx, cy, y + 0.5)
                x0, x1 = max(0, math.ceil(left - 0.5)), min(width - 1, math.ceil(right - 0.5) - 1)
                z = az + zy * (y + 0.5 - ay) + zx * (x0 + 0.5 - ax)
                for x in range(x0, x1 + 1):
                    if z < depth[y, x]:
                        depth[y, x] = z
                        if note:
                            shown[y, x] = t
                    z += zx


@kernel
def span(ax, ay, bx, by, cx, cy, y):
    """Where a horizontal line at ``y`` enters and leaves a triangle."""
    left, right = math.inf, -math.inf
    for px, py, qx, qy in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay)):
        if (py <= y) != (qy <= y):
            x = px + (y - py) * (qx - px) / (qy - py)
            left, right = min(left, x), max(right, x)
    return left, right


@kernel
def sunlit(px, py, pz, nx, ny, nz, sun_camera, shadow):
    """Share of the sun that reaches a point: four comparisons with the shadow map, weighted by nearness. An empty map hides nothing."""
    if shadow.size == 0:
        return 1.0
    side = shadow.shape[0]
    x, y, z = px + nx * 0.035, py + ny * 0.035, pz + nz * 0.035
    u = (sun_camera[0, 0] * x + sun_camera[0, 1] * y + sun_camera[0, 2] * z + sun_camera[0, 3]) * 0.5 + 0.5
    v = 0.5 - (sun_camera[1, 0] * x + sun_camera[1, 1] * y + sun_camera[1, 2] * z + sun_camera[1, 3]) * 0.5
    d = sun_camera[2, 0] * x + sun_camera[2, 1] * y + sun_camera[2, 2] * z + sun_camera[2, 3] - 0.002
    fu, fv = u * side - 0.5, v * side - 0.5
    i, j = math.floor(fu), math.floor(fv)
    if i < 0 or j < 0 or i + 1 >= side or j + 1 >= side:
        return 1.0
    a, b = fu - i, fv - j
    top = (1.0 - a) * (d <= shadow[j, i]) + a * (d <= shadow[j, i + 1])
    bottom = (1.0 - a) * (d <= shadow[j + 1, i]) + a * (d <= shadow[j + 1, i + 1])
    return (1.0 - b) * top + b * bottom


@kernel
def displayed(light):
    """Linear light as an sRGB value in [0, 1], highlights rolled off; from a table, because powers are slow."""
    return _TONES[int(min(light, _BRIGHTEST) * _TONES_PER_UNIT + 0.5)]


@kernel
def floor_at(x, y, footprint, floor_map, view):
    """Linear tint and sky light of the floor at (x, y), with tile lines every metre; ``floor_map`` float32 [h, w, 4] is linear."""
    h, w = floor_map.shape[:2]
    u = min(max((x - view[4]) / (view[6] - view[4]) * w - 0.5, 0.0), w - 1.001)
    v = min(max((y - view[5]) / (view[7] - view[5]) * h - 0.5, 0.0), h - 1.001)
    i, j = int(u), int(v)
    a, b = u - i, v - j
    i1, j1 = min(i + 1, w - 1), min(j + 1, h - 1)
    r, g, bl, sky = 0.0, 0.0, 0.0, 0.0
    for jj, ii, share in ((j, i, (1 - a) * (1 - b)), (j, i1, a * (1 - b)), (j1, i, (1 - a) * b), (j1, i1, a * b)):
        r += floor_map[jj, ii, 0] * share
        g += floor_map[jj, ii, 1] * share
        bl += floor_map[jj, ii, 2] * share
        sky += floor_map[jj, ii, 3] * share
    gap = min(abs(x - math.floor(x + 0.5)), abs(y - math.floor(y + 0.5))) / max(footprint, 0.012)
    fade = 1.0 - min(max((footprint - 0.10) / 0.25, 0.0), 1.0)
    line = 1.0 - 0.085 * fade * (1.0 - min(gap, 1.0))
    return r * line, g * line, bl * line, sky


@kernel
def shade_point(plane, t, kind, dx, dy, dz, view, floor_map, sun_camera, shadow):
    """sRGB of a triangle where the ray from the eye along (dx, dy, dz) meets its plane, as row ``t`` of ``plane`` (see ``planes``) tells.

    ``kind``: 0 plain, 1 floor, 2 figure. ``view``: eye, width of a pixel at 1 m, bounds of the floor.
    """
    inverse = 1.0 / (plane[t, 0] * dx + plane[t, 1] * dy + plane[t, 2] * dz)
    far = plane[t, 3] * inverse
    b = min(max((plane[t, 4] * dx + plane[t, 5] * dy + plane[t, 6] * dz) * inverse, 0.0), 1.0)
    c = min(max((plane[t, 7] * dx + plane[t, 8] * dy + plane[t, 9] * dz) * inverse, 0.0), 1.0)
    px, py, pz = view[0] + dx * far, view[1] + dy * far, view[2] + dz * far
    nx = plane[t, 10] + b * plane[t, 13] + c * plane[t, 16]
    ny = plane[t, 11] + b * plane[t, 14] + c * plane[t, 17]
    nz = plane[t, 12] + b * plane[t, 15] + c * plane[t, 18]
    extra = 0.0
    if kind == 1:
        red, green, blue, sky = floor_at(px, py, abs(far) * view[3] / max(abs(dz), 0.2), floor_map, view)
    else:
        red, green, blue, sky = plane[t, 19], plane[t, 20], plane[t, 21], plane[t, 22] + b * plane[t, 23] + c * plane[t, 24]
    if kind == 2:
        scale = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
        nx, ny, nz = nx * scale, ny * scale, nz * scale
        rim = 1.0 - max(-(nx * dx + ny * dy + nz * dz) / math.sqrt(dx * dx + dy * dy + dz * dz), 0.0)
        extra = 0.10 * rim * rim * rim
    direct = max(nx * SX + ny * SY + nz * SZ, 0.0)
    if direct > 0.0:
        direct *= sunlit(px, py, pz, nx, ny, nz, sun_camera, shadow)
    up = nz * 0.5 + 0.5
    red *= (0.50 + 0.10 * up) * sky + 0.56 * direct
    green *= (0.48 + 0.16 * up) * sky + 0.52 * direct
    blue *= (0.47 + 0.25 * up) * sky + 0.46 * direct
    return displayed(red + extra * 0.9), displayed(green + extra * 0.95), displayed(blue + extra)


@kernel
def smooth(low, high, x):
    """Hermite step from 0 to 1, as in GLSL."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@kernel
def backdrop(u, v, inside, shades, i):
    """Channel ``i`` (sRGB in [0, 1]) behind everything at (u, v) in [0, 1] from the bottom left.

    ``shades`` [5, 3]: middle and rim of the table; ground, horizon and zenith, which are seen as far as one looks from ``inside``.
    """
    t = smooth(0.15, 0.95, math.hypot((u - 0.5) * 1.15, v - 0.55))
    table = shades[0, i] + (shades[1, i] - shades[0, i]) * t
    sky = shades[3, i] + (shades[4, i] - shades[3, i]) * smooth(0.5, 1.0, v)
    within = shades[2, i] + (sky - shades[2, i]) * smooth(0.47, 0.52, v)
    return table + (within - table) * inside


@kernel
def shade(shown, plane, parts, rays, view, floor_map, sun_camera, shadow, inside, shades, image, start, stop):
    """Fill rows ``start`` to ``stop`` of ``image`` float32 [h, w, 3] (sRGB in [0, 1]) from ``shown`` [2 h, 2 w].

    ``parts``: numbers of the first triangle of the floor and of figures; ``rays`` [3, 3]: gaze at the middle, per x, per y (in [-1, 1]).
    """
    height, width = image.shape[:2]
    for y in range(start, stop):
        v = 1.0 - 2.0 * (y + 0.5) / height
        for x in range(width):
            u = 2.0 * (x + 0.5) / width - 1.0
            dx = rays[0, 0] + rays[1, 0] * u + rays[2, 0] * v
            dy = rays[0, 1] + rays[1, 1] * u + rays[2, 1] * v
            dz = rays[0, 2] + rays[1, 2] * u + rays[2, 2] * v
            red, green, blue = 0.0, 0.0, 0.0
            last, r, g, b = -2, 0.0, 0.0, 0.0
            for s in range(4):
                t = shown[2 * y + (s >> 1), 2 * x + (s & 1)]
                if t != last:
                    last = t
                    if t < 0:
                        x0, y0 = u * 0.5 + 0.5, v * 0.5 + 0.5
                        r, g = backdrop(x0, y0, inside, shades, 0), backdrop(x0, y0, inside, shades, 1)
                        b = backdrop(x0, y0, inside, shades, 2)
                    else:
                        kind = 2 if t >= parts[1] else (1 if t >= parts[0] else 0)
                        r, g, b = shade_point(plane, t, kind, dx, dy, dz, view, floor_map, sun_camera, shadow)
                red, green, blue = red + r, green + g, blue + b
            image[y, x, 0], image[y, x, 1], image[y, x, 2] = red * 0.25, green * 0.25, blue * 0.25


@kernel
def blend(corners, depth, image, polygon):
    """Blend triangles [T, 3, 8] (clip x, y, z, w, then sRGB and opacity) over ``image`` [h, w, 3] where ``depth`` [2 h, 2 w] shows them.

    ``polygon`` [4, 8] is working memory.
    """
    height, width = depth.shape
    for t in range(corners.shape[0]):
        n = clip_near(corners[t], polygon)
        for k in range(1, n - 1):
            p, q, r = polygon[0], polygon[k], polygon[k + 1]
            ax, ay, az, aw = to_screen(p, width, height)
            bx, by, bz, bw = to_screen(q, width, height)
            cx, cy, cz, cw = to_screen(r, width, height)
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if area == 0.0:
                continue
            y0, y1 = max(0, math.ceil(min(ay, by, cy) - 0.5)), min(height - 1, math.floor(max(ay, by, cy) - 0.5))
            for y in range(y0, y1 + 1):
                left, right = span(ax, ay, bx, by, cx, cy, y + 0.5)
                for x in range(max(0, math.ceil(left - 0.5)), min(width - 1, math.ceil(right - 0.5) - 1) + 1):
                    u, v = x + 0.5 - ax, y + 0.5 - ay
                    b = (u * (cy - ay) - v * (cx - ax)) / area
                    c = (v * (bx - ax) - u * (by - ay)) / area
                    a = 1.0 - b - c
                    if a * az + b * bz + c * cz >= depth[y, x]:
                        continue
                    a, b, c = a * aw, b * bw, c * cw
                    scale = 1.0 / (a + b + c)
                    alpha = 0.25 * (a * p[7] + b * q[7] + c * r[7]) * scale
                    for i in range(3):
                        colour = (a * p[4 + i] + b * q[4 + i] + c * r[4 + i]) * scale
                        image[y >> 1, x >> 1, i] += alpha * (colour - image[y >> 1, x >> 1, i])


@kernel
def enlarge(image, out, start, stop):
    """Fill rows ``start`` to ``stop`` of ``out`` [H, W, 3] with ``image`` [h, w, 3], between its pixels; both float32."""
    h, w = image.shape[:2]
    height, width = out.shape[:2]
    step = F(w / width)
    for y in range(start, stop):
        v = min(max((y + 0.5) * h / height - 0.5, 0.0), h - 1.001)
        r = int(v)
        b = F(v - r)
        for x in range(width):
            u = min(max((F(x) + F(0.5)) * step - F(0.5), F(0)), F(w - 1.001))
            c = int(u)
            a = u - F(c)
            for i in range(3):
                top = image[r, c, i] + a * (image[r, c + 1, i] - image[r, c, i])
                bottom = image[r + 1, c, i] + a * (image[r + 1, c + 1, i] - image[r + 1, c, i])
                out[y, x, i] = top + b * (bottom - top)


@kernel
def to_bytes(image, out, start, stop):
    """Fill rows ``start`` to ``stop`` of ``out`` uint8 [H, W, 3] from ``image`` float32 in [0, 1]."""
    for y in range(start, stop):
        for x in range(image.shape[1]):
            for i in range(3):
                out[y, x, i] = np.uint8(image[y, x, i] * F(255) + F(0.5))


@kernel
def soft_edge(d):
    """Coverage of a pixel at signed distance ``d`` (px) outside an edge."""
    t = min(max((d + 0.7) / 1.4, 0.0), 1.0)
    return 1.0 - t * t * (3.0 - 2.0 * t)


@kernel
def to_box(x, y, half_w, half_h, radius):
    """Signed distance (px) from a rounded box about the origin."""
    dx, dy = abs(x) - half_w + radius, abs(y) - half_h + radius
    return min(max(dx, dy), 0.0) + math.hypot(max(dx, 0.0), max(dy, 0.0)) - radius


@kernel
def quad_cover(kind, x, y, half_w, half_h, extra, shape, atlas, left, top):
    """Coverage of the pixel at (x, y) from a quad's middle, or (left, top) from its corner, and the share of border colour in it."""
    if kind == GLYPH:
        column, row = int(extra[0] * atlas.shape[1] + left), int(extra[1] * atlas.shape[0] + top)
        return atlas[row, column] / 255.0, 0.0
    if kind == SHADOW:
        d = to_box(x, y, half_w, half_h, shape[0])
        if d < -HIDDEN:
            return 0.0, 0.0
        d = max(d, 0.0)
        return math.exp(-d * d / (shape[3] * shape[3] * 0.28)), 0.0
    if kind == TAIL:
        return soft_edge(abs(x) - half_w * (0.5 - 0.5 * y / half_h)), 0.0
    if kind == STROKE:
        ax, ay = extra[2] - extra[0], extra[3] - extra[1]
        t = min(max(((x - extra[0]) * ax + (y - extra[1]) * ay) / max(ax * ax + ay * ay, 1e-6), 0.0), 1.0)
        return soft_edge(math.hypot(x - extra[0] - ax * t, y - extra[1] - ay * t) - shape[0]), 0.0
    inner = shape[1] + 1.0
    round_ = max(shape[0], inner)
    dx, dy = half_w - abs(x), half_h - abs(y)
    if (dx > round_ and dy > inner) or (dx > inner and dy > round_):  # well within, without the cost of an edge
        return 1.0, 0.0
    d = to_box(x, y, half_w, half_h, shape[0])
    return soft_edge(d), (1.0 - soft_edge(d + shape[1])) if shape[1] > 0.0 else 0.0


@kernel
def texel(picture, extra, x, y, i):
    """Channel ``i`` of ``picture`` uint8 [h, w, 3], in [0, 1], at share (x, y) of the part that ``extra`` names, between its pixels."""
    h, w = picture.shape[:2]
    u = min(max((extra[0] + x * extra[2]) * w - 0.5, 0.0), w - 1.001)
    v = min(max((extra[1] + y * extra[3]) * h - 0.5, 0.0), h - 1.001)
    c, r = int(u), int(v)
    a, b = u - c, v - r
    c1, r1 = min(c + 1, w - 1), min(r + 1, h - 1)
    top = (1.0 - a) * picture[r, c, i] + a * picture[r, c1, i]
    return ((1.0 - b) * top + b * ((1.0 - a) * picture[r1, c, i] + a * picture[r1, c1, i])) / 255.0


@kernel
def flat_quads(rect, extra, colour, border, shape, atlas, picture, image, start, stop):
    """Draw a sheet's quads (fields of ``sheet.QUAD``) over rows ``start`` to ``stop`` of ``image`` float32 [h, w, 3].

    ``picture`` is what quads of kind IMAGE show.
    """
    width = image.shape[1]
    for q in range(rect.shape[0]):
        x0, y0, w, h = rect[q]
        pad, kind = shape[q, 3], int(shape[q, 2] + 0.5)
        for y in range(max(start, math.floor(y0 - pad)), min(stop, math.ceil(y0 + h + pad))):
            for x in range(max(0, math.floor(x0 - pad)), min(width, math.ceil(x0 + w + pad))):
                left, top = x + 0.5 - x0, y + 0.5 - y0
                share, edge = quad_cover(kind, left - w / 2, top - h / 2, w / 2, h / 2, extra[q], shape[q], atlas, left, top)
                alpha = share * (colour[q, 3] + edge * (border[q, 3] - colour[q, 3]))
                if alpha > 0.0:
                    for i in range(3):
                        own = texel(picture, extra[q], left / w, top / h, i) if kind == IMAGE else colour[q, i]
                        fill = own + edge * (border[q, i] - own)
                        image[y, x, i] += alpha * (fill - image[y, x, i])
