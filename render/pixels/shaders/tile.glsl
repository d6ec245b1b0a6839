uniform ivec2 picture;
uniform ivec2 tiles;
uniform float focal;
uniform float edge;

vec4 tiled(vec2 inside, float depth, float w, int tile) {
    vec2 at = vec2(tile % tiles.x, tile / tiles.x);
    return vec4((inside + w * (2.0 * at + 1.0 - vec2(tiles))) / vec2(tiles), depth, w);
}

float row_of(float up, float ahead) {
    return 0.5 * float(picture.y) + (EYE_M - up) * focal / ahead;
}

float side_of(int column) {
    return ((float(column) + 0.5) / float(picture.x) * 2.0 - 1.0) * edge;
}

int shade(float metres) {
    return min(int(metres * SHADES_PER_M), SHADES - 1);
}

vec4 paled(vec3 colour, float left, float number) {
    return vec4(floor(FOG + (colour - FOG) * left + 0.5), number) / 255.0;
}
