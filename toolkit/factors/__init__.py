"""Layer 1: observation models, factor model and covariances. Pure: frames and nouns in, a `Forecast` out."""
