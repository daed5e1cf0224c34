"""The user's own files: prices and holdings, read strictly or refused with row numbers and a remedy."""
