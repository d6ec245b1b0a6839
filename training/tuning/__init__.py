"""Search for hyper-parameters with Ray Tune: every trial is an ordinary training run in a folder of its own."""
