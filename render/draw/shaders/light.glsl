// Sun with a soft-edged shadow map, and a sky that is warm below and cool above. raster.py computes the same for the CPU.
uniform sampler2DShadow shadow_map;
uniform mat4 sun_camera;
uniform vec3 sun;
uniform int shadows;

float sunlit(vec3 place, vec3 normal) {
    if (shadows == 0) return 1.0;
    vec3 at = (sun_camera * vec4(place + normal * 0.035, 1.0)).xyz * 0.5 + 0.5;
    vec2 texel = 1.0 / vec2(textureSize(shadow_map, 0));
    float sum = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 step_ = vec2(float(i & 1) - 0.5, float(i >> 1) - 0.5) * 1.5;
        sum += texture(shadow_map, vec3(at.xy + step_ * texel, at.z - 0.0010));
    }
    return sum * 0.25;
}

vec3 shade(vec3 base, vec3 place, vec3 normal, float sky_share) {
    float direct = max(dot(normal, sun), 0.0);
    if (direct > 0.0) direct *= sunlit(place, normal);
    vec3 sky = mix(vec3(0.50, 0.48, 0.47), vec3(0.60, 0.64, 0.72), normal.z * 0.5 + 0.5);
    return base * (sky * sky_share + vec3(0.56, 0.52, 0.46) * direct);
}

vec3 displayed(vec3 light) {
    light = light / (1.0 + max(light - 0.8, 0.0) * 0.45);
    return pow(light, vec3(1.0 / 2.2));
}
