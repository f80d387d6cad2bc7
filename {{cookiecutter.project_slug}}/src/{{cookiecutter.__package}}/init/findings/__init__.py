"""What a person should know of a table before a model learns from it."""
