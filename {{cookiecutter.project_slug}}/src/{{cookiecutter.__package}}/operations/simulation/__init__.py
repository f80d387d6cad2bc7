"""Simulated traffic: requests, reviewers and late outcomes, with faults on demand."""
