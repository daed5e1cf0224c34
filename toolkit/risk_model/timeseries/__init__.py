"""The time-series block: factors built from series, and loadings from posterior moments."""
