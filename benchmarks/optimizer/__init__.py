"""The optimizer beside its peers, from returns to weights: `python -m benchmarks.optimizer --help`."""
