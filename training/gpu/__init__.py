"""Training on one GPU without leaving it: worlds are stepped there, and what they fill is acted on and learnt from in place."""
