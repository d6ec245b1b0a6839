#version 330
in vec3 position;
in vec4 colour;
uniform mat4 camera;
uniform float cut;
out vec4 tint;

void main() {
    tint = vec4(colour.rgb * colour.a, colour.a);
    gl_Position = camera * vec4(position.xy, min(position.z, cut), 1.0);
}
