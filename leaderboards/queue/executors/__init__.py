"""Executors keep workers at a queue: processes of this machine, or tasks of a Ray cluster. The queue does not depend on them."""
