"""What came of a batch, line by line, as tables and JSON."""
