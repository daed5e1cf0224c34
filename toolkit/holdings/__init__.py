"""Lots and orders: exposure, licence delay, exit cost, holding period, resale, traceability. Pure."""
