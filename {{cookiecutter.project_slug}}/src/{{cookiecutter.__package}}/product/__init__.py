"""The product wheel: an API and a page that decide, record, and listen to people."""
