"""The toolbox that every world is made of: one concept per file."""

from avatarium.worlds.core import cache

cache.install()
