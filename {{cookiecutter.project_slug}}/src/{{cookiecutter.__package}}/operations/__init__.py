"""The operations wheel: metrics, logs, and drift."""
