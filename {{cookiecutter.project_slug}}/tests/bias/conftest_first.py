"""Nothing is learned yet, so there are no rows to share."""
