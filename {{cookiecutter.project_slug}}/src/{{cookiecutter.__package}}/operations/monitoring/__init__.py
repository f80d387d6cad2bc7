"""Monitoring: whether data, models and the program are as they were when the model was made."""
