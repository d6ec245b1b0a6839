"""The steps by which a database of an earlier version gets the tables of this one."""
