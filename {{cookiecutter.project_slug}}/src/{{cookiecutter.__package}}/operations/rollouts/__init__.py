"""Rollouts: what was observed of both arms, what it means, and what happens next."""
