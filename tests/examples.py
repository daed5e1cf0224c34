"""How many examples hypothesis tries of a law: fifty, and fewer where each of them takes long."""

from hypothesis import HealthCheck, settings

# The same examples in every run and in every worker; a busy machine is no failure.
settings.register_profile(
    "repeatable", max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")

FITTED = settings(max_examples=15)
"""Each example fits a model, writes files or simulates."""
SOLVED = settings(max_examples=8)
"""Each example solves several programs, or answers on many days."""
QUICK = settings(max_examples=100)
"""Each example takes some milliseconds, and what can be written is manifold."""
