"""From a table to a problem: contract, rules, sources, plan and tests that its owners then edit."""
