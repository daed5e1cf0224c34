"""Observation models: what a print of each price basis says of the price."""
