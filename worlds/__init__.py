"""Worlds: what exists and how it changes."""
