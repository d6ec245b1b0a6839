#version 330
in vec2 corner;
in vec4 rect;
in vec4 extra;
in vec4 colour;
in vec4 border;
in vec4 shape;       // radius, border width, kind, padding
uniform vec2 size;
out vec2 from_middle;
out vec2 letter;
flat out vec4 v_extra;
flat out vec4 v_colour;
flat out vec4 v_border;
flat out vec4 v_shape;
flat out vec2 half_size;

void main() {
    half_size = rect.zw * 0.5;
    from_middle = corner * (half_size + shape.w);
    letter = extra.xy + (corner * 0.5 + 0.5) * extra.zw;
    v_extra = extra;
    v_colour = colour;
    v_border = border;
    v_shape = shape;
    vec2 ndc = (rect.xy + half_size + from_middle) / size * 2.0 - 1.0;
    gl_Position = vec4(ndc.x, -ndc.y, 0.0, 1.0);
}
