"""Who fights in domination: scripted teams, and commanders that learn from game to game."""
