"""Who comes to a gathering."""
