"""Data sets to learn from, made of transcripts: Parquet tables, and data sets as Minari loads them.

Transcripts hold what was done, not what was seen: every episode is played again, and has to come out byte for byte as it was recorded.
"""
