"""Conduct: how avatars behave towards one another, read from where they stand, walk, look, wave and speak, in any world with bodies."""
