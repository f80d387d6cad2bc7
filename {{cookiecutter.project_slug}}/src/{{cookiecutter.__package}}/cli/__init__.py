"""The command line: one module for each wheel, and the composition that puts everything together."""
