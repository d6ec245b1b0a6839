"""Replays as web pages: everything in one HTML file that needs no network."""
