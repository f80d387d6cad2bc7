"""The product wheel: an API and a page that decide, record, and take reactions."""
