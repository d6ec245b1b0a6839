#version 330
in vec3 position;
uniform mat4 camera;
uniform float cut;

void main() {
    gl_Position = camera * vec4(position.xy, min(position.z, cut), 1.0);
}
