"""Factor model, covariances, expected returns, and their evaluation. Pure: a `Forecast` comes out."""
