"""Answers about data: stores and fetches."""
