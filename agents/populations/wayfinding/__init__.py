"""Who walks about in the buildings of wayfinding."""
