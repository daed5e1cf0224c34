"""Export controls: answers of commands, the states that records hold, and events of the user's own."""
