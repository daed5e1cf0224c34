"""Live data: the store, and what fills, shows and checks it."""
