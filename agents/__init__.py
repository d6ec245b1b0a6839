"""Minds: policies, scripted, exported and learned."""
