"""Live data: the store and what fills it."""
