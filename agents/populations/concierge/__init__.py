"""Who works in the buildings of concierge, and who visits them."""
