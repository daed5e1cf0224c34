"""Concentration of supply, criticality, customs flows and their interruption. Pure."""
