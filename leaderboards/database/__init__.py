"""What a leaderboard remembers: tables, their migrations, a log in which every change can be found, and files by their hash."""
