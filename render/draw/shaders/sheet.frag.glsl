#version 330
in vec2 from_middle;
in vec2 letter;
flat in vec4 v_extra;
flat in vec4 v_colour;
flat in vec4 v_border;
flat in vec4 v_shape;
flat in vec2 half_size;
uniform sampler2D atlas;
uniform sampler2D picture;
out vec4 pixel;

float to_box(vec2 p, vec2 half_extent, float radius) {
    vec2 d = abs(p) - half_extent + radius;
    return min(max(d.x, d.y), 0.0) + length(max(d, 0.0)) - radius;
}

float to_stroke(vec2 p, vec2 a, vec2 b) {
    vec2 along = b - a;
    float t = clamp(dot(p - a, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    return length(p - a - along * t);
}

void main() {
    int kind = int(v_shape.z + 0.5);
    vec4 fill = v_colour;
    float cover;
    if (kind == 1) {
        cover = texture(atlas, letter).r;
    } else if (kind == 2) {
        float d = to_box(from_middle, half_size, v_shape.x);
        if (d < -6.0) discard;  // under the box that throws it
        d = max(d, 0.0);
        cover = exp(-d * d / (v_shape.w * v_shape.w * 0.28));
    } else if (kind == 3) {
        float d = abs(from_middle.x) - half_size.x * (0.5 - 0.5 * from_middle.y / half_size.y);
        cover = 1.0 - smoothstep(-0.7, 0.7, d);
    } else if (kind == 4) {
        cover = 1.0 - smoothstep(-0.7, 0.7, to_stroke(from_middle, v_extra.xy, v_extra.zw) - v_shape.x);
    } else {
        if (kind == 5) fill = vec4(texture(picture, letter).rgb, fill.a);
        float d = to_box(from_middle, half_size, v_shape.x);
        cover = 1.0 - smoothstep(-0.7, 0.7, d);
        if (v_shape.y > 0.0) fill = mix(fill, v_border, smoothstep(-v_shape.y - 0.7, -v_shape.y + 0.7, d));
    }
    pixel = vec4(fill.rgb, 1.0) * (fill.a * cover);
}
