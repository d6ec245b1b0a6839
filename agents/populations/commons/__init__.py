"""Who picks fruit in the orchards of commons. All of them sense what a learner senses."""
