"""A mobile network, step by step: devices make packets, send them to the nearest station, and wait until it has processed them."""
