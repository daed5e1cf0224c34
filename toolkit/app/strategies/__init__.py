"""Strategies as files of a user: read with the files that they name, checked, and the page on their language."""
