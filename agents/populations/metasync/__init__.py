"""Who runs the station of metasync: splits that never change, against which those that follow the queues are measured."""
