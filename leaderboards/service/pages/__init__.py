"""Pages for people: HTML from the same answers that the JSON interface gives."""
