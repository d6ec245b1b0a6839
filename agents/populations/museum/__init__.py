"""Who visits the museum."""
