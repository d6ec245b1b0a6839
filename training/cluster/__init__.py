"""Training on the nodes of a Ray cluster: how to join one, what to send there, how large it has to be, and templates to start one with."""
