"""Standings: from stored episodes to the tables of a season. The same episodes give the same tables, to the byte, whoever computes them."""
