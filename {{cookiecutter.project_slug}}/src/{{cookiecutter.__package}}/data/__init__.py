"""The data wheel: collect, curate, validate, transform, and describe the training table."""
