"""What an answer depends on: slopes of holdings, sensitivities, number of bets."""
