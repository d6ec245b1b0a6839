"""The toolbox that every world is made of: one concept per file."""
