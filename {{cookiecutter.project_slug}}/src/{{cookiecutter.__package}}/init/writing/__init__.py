"""The owner's files, and the report."""
