"""Worlds on an NVIDIA GPU: the kernels of the CPU, unchanged, one thread an environment; what they fill lies there and stays there."""
