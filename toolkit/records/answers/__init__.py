"""Records of answers that are no subject of a report, a file a command."""
