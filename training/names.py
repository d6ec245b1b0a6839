"""Names under which runners report what happened; reading them takes no Ray."""

EVENTS, COUNT, VALUE = "events", "count", "value"
"""Metrics hold ``events/<kind>/count`` and ``.../value``: how many events, and the sum of their values, since the last report."""
LEAGUE = "league"
"""Metrics hold ``league/<opponent>/<side>/<outcome>``: how many games of a league ended so."""
STAGES = "stages"
"""Metrics hold ``stages/<k>/events/...`` for each stage, where there are several."""
