"""Everything that is about this product and nothing else. Its owners edit these files; updates never do."""
