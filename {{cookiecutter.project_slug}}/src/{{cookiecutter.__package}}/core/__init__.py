"""What every wheel needs and what knows no problem: contract, plan, checks, estimators, objectives."""
