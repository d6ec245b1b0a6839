"""Seasons: scenarios, rules and seeds that are fixed before anybody submits, and can be checked by everybody afterwards."""
