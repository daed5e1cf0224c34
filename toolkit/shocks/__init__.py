"""Event studies of export controls, the price response to a loss of supply, and base rates of controls. Pure."""
