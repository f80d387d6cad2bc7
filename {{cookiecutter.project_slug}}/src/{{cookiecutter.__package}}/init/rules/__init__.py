"""The first rules, learned from a table."""
