"""Worlds for other people's trainers."""
