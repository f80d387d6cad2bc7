"""The data wheel: collect, curate, validate, transform, and describe what came out."""
