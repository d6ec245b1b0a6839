"""Drawing: scenes, cameras and light in, pixels out, by OpenGL or by the CPU."""
