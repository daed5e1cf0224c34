"""Runs, backtests and sweeps that are stored: which there are, what each answered, and what differs between two."""
