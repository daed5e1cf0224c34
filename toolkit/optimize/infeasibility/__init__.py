"""Why there is no answer, in the user's own names, and the least that would have to give way."""
