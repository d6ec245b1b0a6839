"""The viewer: recorded, living and training episodes in a window."""
