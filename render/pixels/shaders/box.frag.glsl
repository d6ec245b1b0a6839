#include "tile.glsl"
uniform sampler2D paint;
uniform float cover;
flat in vec4 box;
flat in vec2 heading;
flat in int material;
out vec4 seen;

void main() {
    float side = side_of(int(gl_FragCoord.x) % picture.x);
    vec2 gaze = vec2(heading.x + heading.y * side, heading.y - heading.x * side);
    vec2 nearest = min(box.xy / gaze, box.zw / gaze);
    float near = clamp(max(nearest.x, nearest.y), 0.05, 100.0);
    seen = texelFetch(paint, ivec2(shade(near * sqrt(1.0 + side * side)), material), 0);
    if (cover > 0.0) seen.a = cover;
}
