#version 330
in vec2 at;             // (0, 0) bottom left to (1, 1) top right
uniform float inside;   // 1: seen from within, a sky above a horizon
uniform vec3 shades[5]; // middle and rim of the table; ground, horizon and zenith
out vec4 pixel;

void main() {
    float far = length((at - vec2(0.5, 0.55)) * vec2(1.15, 1.0));
    vec3 table = mix(shades[0], shades[1], smoothstep(0.15, 0.95, far));
    vec3 sky = mix(shades[3], shades[4], smoothstep(0.5, 1.0, at.y));
    pixel = vec4(mix(table, mix(shades[2], sky, smoothstep(0.47, 0.52, at.y)), inside), 1.0);
}
