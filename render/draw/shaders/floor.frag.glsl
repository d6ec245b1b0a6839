#version 330
#include "light.glsl"
in vec3 place;
uniform sampler2D floor_map;   // rgb: tint (sRGB); a: sky light
uniform vec4 bounds;           // x0, y0, x1, y1
out vec4 pixel;

void main() {
    vec4 texel = texture(floor_map, (place.xy - bounds.xy) / (bounds.zw - bounds.xy));
    vec3 base = pow(texel.rgb, vec3(2.2));
    vec2 width = fwidth(place.xy);
    vec2 gap = abs(fract(place.xy - 0.5) - 0.5) / max(width, vec2(0.012));
    float fade = 1.0 - smoothstep(0.10, 0.35, max(width.x, width.y));
    base *= 1.0 - 0.085 * fade * (1.0 - min(min(gap.x, gap.y), 1.0));
    pixel = vec4(displayed(shade(base, place, vec3(0.0, 0.0, 1.0), texel.a)), 1.0);
}
