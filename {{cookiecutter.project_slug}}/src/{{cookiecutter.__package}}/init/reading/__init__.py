"""How a table is to be read: encoding, dialect, layout."""
