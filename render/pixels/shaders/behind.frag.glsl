#include "tile.glsl"
uniform sampler2D paint;
uniform usampler2DArray tints;
flat in vec4 from;
flat in int story;
out vec4 seen;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy) % picture;
    float below = float(pixel.y) + 0.5 - 0.5 * float(picture.y);
    if (below <= 0.0) {
        float t = clamp((0.5 - (float(pixel.y) + 0.5) / float(picture.y)) * 2.0, 0.0, 1.0);
        seen = paled(FOG + t * vec3(18.0, 13.0, 7.0), 1.0, 0.0);
        return;
    }
    float away = EYE_M * focal / below, side = side_of(pixel.x);
    vec2 place = from.xy + away * vec2(from.z + from.w * side, from.w - from.z * side);
    ivec2 cell = clamp(ivec2(place * 2.0), ivec2(0), textureSize(tints, 0).xy - 1);
    ivec2 square = ivec2(place);
    int material = int(texelFetch(tints, ivec3(cell, story), 0).r) * 2 + ((square.x + square.y) & 1);
    seen = texelFetch(paint, ivec2(shade(min(away * sqrt(1.0 + side * side), 100.0)), material), 0);
}
