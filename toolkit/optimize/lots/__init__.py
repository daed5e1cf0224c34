"""Whole lots, minimum tickets and numbers of holdings, exactly."""
