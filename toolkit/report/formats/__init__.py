"""What a document becomes: a page, a mail, Markdown, data."""
