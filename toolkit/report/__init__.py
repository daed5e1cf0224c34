"""A run object becomes a `Document` of few block kinds, and a document becomes a page. Nothing here does I/O."""
