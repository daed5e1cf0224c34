"""How a report says things: the language of the reader, its figures, names, and the words of measures and limits."""
