"""The `Market`, the bundled data package, and readers of files. The rim where data enters; what leaves is validated."""
