#version 330
in vec3 position;
in vec3 normal;
in vec3 colour;
in float own;
in float limb;
in vec4 pose;        // x, y, z, heading
in vec3 own_colour;
in vec4 limbs;       // swing; how far ahead, left and up the right hand is held
in float size;
uniform mat4 camera;
out vec3 place;
out vec3 facing;
out vec3 base;

void main() {
    float c = cos(pose.w), s = sin(pose.w);
    mat2 turn = mat2(c, s, -s, c);
    vec3 p = position;
    p.x += limb * limbs.x;
    p += max(-limb, 0.0) * limbs.yzw;
    place = vec3(turn * p.xy, p.z) * size + pose.xyz;
    facing = vec3(turn * normal.xy, normal.z);
    base = colour * mix(vec3(1.0), own_colour, own);
    gl_Position = camera * vec4(place, 1.0);
}
