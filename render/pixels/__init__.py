"""Pixel observations drawn with OpenGL: many views at once into one sheet, like those of ``worlds.core.eyes`` but for edges."""

from avatarium.render.pixels.eyes import GlEyes

__all__ = ["GlEyes"]
