"""What all other packages use: contract, plan, checks, objectives, and estimators. It names no problem."""
