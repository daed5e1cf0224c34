"""The `Market`, the bundled data package, and readers of files: input is validated here."""
