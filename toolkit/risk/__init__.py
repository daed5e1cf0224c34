"""Layer 1: measures of risk, a family a file. Losses are positive, volatility is annual."""
