"""Networks in plain torch, free of any training library."""
