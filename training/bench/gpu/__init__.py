"""How fast worlds, pictures and training are on the GPU of this machine, how near that is to what its memory allows, and what limits it."""
