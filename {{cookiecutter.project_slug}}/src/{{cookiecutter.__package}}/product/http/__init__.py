"""HTTP: security, connections, errors, and the description of the API."""
