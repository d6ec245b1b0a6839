"""Where people walk next: recordings of any kind, models that predict, and errors in metres with the protocol they were taken by."""
