"""The queue is the database: plans become jobs, workers lease them, and a result is stored once, together with the job's end."""
