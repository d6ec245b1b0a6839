#version 330
in vec3 position;
uniform mat4 camera;
out vec3 place;

void main() {
    place = position;
    gl_Position = camera * vec4(position, 1.0);
}
