"""From fragments to better weights: advantages, curiosity, losses, and the learner that RLlib calls."""
