"""The model wheel: rules first, then candidates that have to cost less."""
