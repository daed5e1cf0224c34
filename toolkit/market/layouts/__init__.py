"""How the columns of people's files are read: fields, words in several languages, layouts, and their proposal."""
