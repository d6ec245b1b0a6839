"""Running other people's policies: one locked process per policy, which gets observations and gives logits and can do nothing else."""
