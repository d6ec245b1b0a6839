"""Policies from anywhere as submissions: one file per kind of source in ``sources``, all of them compared and checked alike."""
