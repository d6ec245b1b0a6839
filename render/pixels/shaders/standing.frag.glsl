#include "tile.glsl"
uniform sampler2DArray figure;
flat in vec4 at;
flat in vec2 heights;
flat in vec3 own;
flat in ivec2 what;
out vec4 seen;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy) % picture;
    float across = side_of(pixel.x) * at.x - at.y;
    if (what.x < 0) {
        float bulge = 1.0 - across * across / (at.z * at.z);
        int first = int(row_of(heights.y, at.x) + 0.5), last = int(row_of(heights.x, at.x) + 0.5);
        if (bulge <= 0.0 || pixel.y < first || pixel.y >= last) discard;
        seen = paled(own * (0.68 + 0.32 * sqrt(bulge)), at.w, float(what.y));
        return;
    }
    float head = row_of(heights.y, at.x);
    float scale = float(ROWS) / (row_of(heights.x, at.x) - head);
    ivec2 texel = ivec2((across / at.z + 1.0) * (0.5 * COLUMNS), (float(pixel.y) + 0.5 - head) * scale);
    if (any(lessThan(texel, ivec2(0))) || any(greaterThanEqual(texel, ivec2(COLUMNS, ROWS)))) discard;
    vec2 drawn = texelFetch(figure, ivec3(texel, what.x), 0).rg;
    int part = int(drawn.g);
    if (part == NONE) discard;
    seen = paled(part == OWN ? own * drawn.r : vec3(part == BLACK ? 25.0 : 244.0), at.w, float(what.y));
}
