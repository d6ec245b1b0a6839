"""Leaderboards: judging policies by what they do in scenarios that they have not seen, without trusting them."""
