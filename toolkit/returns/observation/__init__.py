"""Observation models: the relation of an observed price to the latent price, for each price basis."""
