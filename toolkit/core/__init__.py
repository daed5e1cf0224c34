"""Shared nouns, frame contracts, units and errors. Imports nothing else of the toolkit."""
