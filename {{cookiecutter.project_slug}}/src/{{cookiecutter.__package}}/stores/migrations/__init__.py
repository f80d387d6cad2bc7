"""Migrations of the ledger. They run when it is opened; a new one is a file in `versions/`."""
