"""What commands answer, as documents: an answer first, then its tables, then notes; one module a command."""
