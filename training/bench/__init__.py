"""How fast training is beside stock RLlib and beside a plain loop, on the same machine in the same minutes."""
