"""The leaderboard as a web service: pages for people, JSON for programs, uploads; it shows what the database holds and judges nothing."""
