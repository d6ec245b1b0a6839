"""Recipes, one file per world and named like it; a world without one is trained by the default recipe."""
