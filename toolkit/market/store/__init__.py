"""The store: a log of Delta a table, over data files named by their SHA-256, with every vintage ever fetched."""
