"""Between the socket and the pages: deadlines, whole requests, and threads for pages."""
