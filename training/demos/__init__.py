"""Transcripts as demonstrations: games retold, so that what their avatars saw and did can be imitated."""
