"""Ranking: from scores to a table with intervals, and from games to ratings. Arrays in, arrays and rows out; no worlds, no files.

Scores go through ``columns`` (onto one scale), ``pillars`` (to three numbers and a headline), ``resampling`` (how sure these are) and
``places`` (who is ahead of whom) into the rows of ``table``. Games go through ``tally`` and ``bradley_terry`` into ``ratings``, from
which ``pairing`` tells what to play next. ``clones`` finds entrants that are one policy. Equal inputs in another order (of entrants,
columns, seeds, games, seats) give equal bytes: what is drawn at random depends on names, and rows are computed element by element.
"""
