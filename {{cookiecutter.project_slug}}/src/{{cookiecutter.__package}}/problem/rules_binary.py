"""The first model: rules that a loan officer can read and edit. The first rule that matches gives the answer."""

# Column, comparison, value, probability of yes, and the reason that people read.
RULES = [
    ("denied_mortgage_insurance", "==", "yes", 0.9, "mortgage insurance was denied"),
    ("public_bad_credit_record", "==", "yes", 0.4, "there is a public record of bad credit"),
    ("debt_to_income", ">", 0.5, 0.4, "debt payments take over half of the income"),
    # not enough to decline, yet close enough to the threshold for a person to look
    ("debt_to_income", ">", 0.42, 0.14, "debt payments take over 42 % of the income"),
]
OTHERWISE = 0.08
