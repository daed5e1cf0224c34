"""Public sources of data and the user's own files: one module a source, found by looking."""
