"""The export-control ledger: events, periods, states, changes ahead, listed items. Pure."""
