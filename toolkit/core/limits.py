"""Limits of what is taken from outside, stated once."""

from __future__ import annotations

LARGEST = 1e15
"""No price, quantity or sum of money in an option or a file is larger: floating point keeps no cents beyond."""
