"""Holdings of a user: a file of lots read, valued and checked, what may happen to it, and what to warn of."""
