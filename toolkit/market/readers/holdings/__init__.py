"""Holdings files: columns, cells and rows of a spreadsheet as lots with their faults."""
