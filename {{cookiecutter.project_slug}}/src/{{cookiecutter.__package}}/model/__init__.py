"""The model wheel: rules first, then candidates that must beat them."""
