"""One module a verb. Parse, call `toolkit.app`, print. Nothing heavy is imported before a command runs."""
