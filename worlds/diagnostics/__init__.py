"""Worlds of one page each that ask a learner a single question; the module ``<name>.py`` holds the world ``<name>``."""
