"""The league of self-play: past versions as opponents, who plays whom, ratings, team spirit, and surgery on networks that have to grow."""
