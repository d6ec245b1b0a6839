#include "tile.glsl"
in vec4 eye;
in int tile;
in int layer;
flat out vec4 from;
flat out int story;

void main() {
    from = eye;
    story = layer;
    gl_Position = tiled(vec2(gl_VertexID % 2, gl_VertexID / 2) * 2.0 - 1.0, 1.0, 1.0, tile);
}
