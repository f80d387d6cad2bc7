"""The first model: rules that a nurse can read and edit. The first rule that matches gives the answer."""

# Column, comparison, value, probabilities of poor, average and excellent, and the reason that people read.
RULES = [
    ("chronic_conditions", ">=", 4, (0.4, 0.58, 0.02), "four or more chronic conditions"),
    ("limited_daily_activities", "==", "yes", (0.3, 0.68, 0.02), "daily activities are limited"),
    ("hospital_stays", ">=", 2, (0.3, 0.68, 0.02), "two or more stays in hospital"),
    ("chronic_conditions", "==", 0, (0.04, 0.78, 0.18), "no chronic condition"),
]
OTHERWISE = (0.08, 0.85, 0.07)
