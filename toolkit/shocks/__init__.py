"""What controls and stops of exports did to prices, and what a loss of supply may do. Pure."""
