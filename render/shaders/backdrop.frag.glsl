#version 330
in vec2 at;          // (0, 0) bottom left to (1, 1) top right
uniform int inside;  // 1: seen from within, a sky above a horizon
out vec4 pixel;

void main() {
    if (inside == 1) {
        vec3 sky = mix(vec3(0.93, 0.945, 0.96), vec3(0.74, 0.83, 0.92), smoothstep(0.5, 1.0, at.y));
        pixel = vec4(mix(vec3(0.87, 0.875, 0.88), sky, smoothstep(0.47, 0.52, at.y)), 1.0);
        return;
    }
    float far = length((at - vec2(0.5, 0.55)) * vec2(1.15, 1.0));
    pixel = vec4(mix(vec3(0.965, 0.970, 0.978), vec3(0.850, 0.870, 0.898), smoothstep(0.15, 0.95, far)), 1.0);
}
