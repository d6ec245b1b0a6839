"""One training run from request to outcome: recipe, plan, engine, checkpoints, recovery, progress, history."""
