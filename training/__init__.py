"""Training on RLlib at the speed of the worlds."""
