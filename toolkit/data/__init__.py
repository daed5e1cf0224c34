"""Layer 1: sources and files. The rim where data enters; what leaves is a validated `Market`."""
