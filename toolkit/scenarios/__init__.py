"""Sets of scenarios, shocks added to them, and views on them by entropy pooling. Pure."""
