"""Analyses of one candidate: what gates of a training do not need to know, and people do."""
