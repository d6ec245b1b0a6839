#version 330
in vec3 position;
in float limb;
in vec4 pose;
in vec4 limbs;
in float size;
uniform mat4 camera;

void main() {
    float c = cos(pose.w), s = sin(pose.w);
    vec3 p = position;
    p.x += limb * limbs.x;
    p += max(-limb, 0.0) * limbs.yzw;
    gl_Position = camera * vec4(vec3(mat2(c, s, -s, c) * p.xy, p.z) * size + pose.xyz, 1.0);
}
