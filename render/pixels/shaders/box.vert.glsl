#include "tile.glsl"
in vec4 extent;
in vec2 gaze;
in int tile;
in int kind;
flat out vec4 box;
flat out vec2 heading;
flat out int material;

const vec2 CORNERS[6] = vec2[](vec2(0, 0), vec2(1, 0), vec2(1, 1), vec2(0, 0), vec2(1, 1), vec2(0, 1));

void main() {
    int side = gl_VertexID / 6, face = 4;
    vec2 corner = CORNERS[gl_VertexID % 6];
    bool low = kind != WALL && kind != GLASS, shown = low;
    float high = low ? (kind == FURNITURE ? 0.75 : 1.0) : WALL_TOP_M;
    vec3 place = vec3(mix(extent.xy, extent.zw, corner), high);
    if (side == 0) {
        shown = extent.x > 0.0 || extent.z < 0.0;
        face = extent.x > 0.0 ? 1 : 0;
        place = vec3(extent.x > 0.0 ? extent.x : extent.z, mix(extent.y, extent.w, corner.x), high * corner.y);
    } else if (side == 1) {
        shown = extent.y > 0.0 || extent.w < 0.0;
        face = extent.y > 0.0 ? 3 : 2;
        place = vec3(mix(extent.x, extent.z, corner.x), extent.y > 0.0 ? extent.y : extent.w, high * corner.y);
    }
    box = extent;
    heading = gaze;
    material = FIRST_BOX + kind * SIDES + face;
    float ahead = dot(gaze, place.xy);
    vec2 inside = vec2(gaze.y * place.x - gaze.x * place.y, EYE_M - place.z) * focal / (0.5 * vec2(picture));
    gl_ClipDistance[0] = shown ? ahead - inside.x : -1.0;
    gl_ClipDistance[1] = ahead + inside.x;
    gl_ClipDistance[2] = ahead - inside.y;
    gl_ClipDistance[3] = ahead + inside.y;
    gl_Position = tiled(inside, ahead - 2.0 * NEAREST_M, ahead, tile);
}
