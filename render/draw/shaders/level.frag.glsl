#version 330
#include "light.glsl"
in vec3 place;
in vec3 facing;
in vec3 base;
in float sky_share;
out vec4 pixel;

void main() {
    pixel = vec4(displayed(shade(base, place, normalize(facing), sky_share)), 1.0);
}
