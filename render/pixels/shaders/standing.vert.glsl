#include "tile.glsl"
in vec4 place;
in vec2 span;
in vec3 colour;
in int tile;
in int angle;
in int number;
flat out vec4 at;
flat out vec2 heights;
flat out vec3 own;
flat out ivec2 what;

void main() {
    at = place;
    heights = span;
    own = colour;
    what = ivec2(angle, number);
    float scale = focal / place.x;
    vec2 middle = vec2(0.5 * float(picture.x) + place.y * scale, 0.5 * (row_of(span.x, place.x) + row_of(span.y, place.x)));
    vec2 reach = vec2(place.z, 0.5 * (span.y - span.x)) * scale + 1.0;
    vec2 corner = vec2(gl_VertexID % 2, gl_VertexID / 2) * 2.0 - 1.0;
    vec2 pixel = clamp(middle + corner * reach, vec2(0), vec2(picture));
    gl_Position = tiled(pixel / (0.5 * vec2(picture)) - 1.0, 1.0 - 2.0 * NEAREST_M / place.x, 1.0, tile);
}
