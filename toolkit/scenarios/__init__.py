"""Sets of scenarios, shocks laid over them, and views on them by entropy pooling. Pure."""
