"""Judging: submissions, scenarios, metrics and tables."""
