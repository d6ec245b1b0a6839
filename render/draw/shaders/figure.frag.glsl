#version 330
#include "light.glsl"
in vec3 place;
in vec3 facing;
in vec3 base;
uniform vec3 eye;
out vec4 pixel;

void main() {
    vec3 n = normalize(facing), v = normalize(eye - place);
    float rim = pow(1.0 - max(dot(n, v), 0.0), 3.0);
    float gloss = pow(max(dot(reflect(-sun, n), v), 0.0), 24.0);
    float sky_share = 0.62 + 0.38 * clamp(place.z / 0.5, 0.0, 1.0);
    vec3 light = shade(base, place, n, sky_share) + rim * 0.10 * vec3(0.90, 0.95, 1.0) + gloss * 0.07;
    pixel = vec4(displayed(light), 1.0);
}
