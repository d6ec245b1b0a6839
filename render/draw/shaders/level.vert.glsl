#version 330
in vec3 position;
in vec3 normal;
in vec3 colour;
in float light;
uniform mat4 camera;
uniform float cut;
out vec3 place;
out vec3 facing;
out vec3 base;
out float sky_share;

void main() {
    place = vec3(position.xy, min(position.z, cut));
    facing = normal;
    base = colour;
    sky_share = light;
    gl_Position = camera * vec4(place, 1.0);
}
