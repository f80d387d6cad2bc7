"""The first model: rules that an actuary can read and edit. The first rule that matches gives the answer."""

# Column, comparison, value, US dollars, and the reason that people read.
RULES = [
    ("self_rated_health", "==", "poor", 600.0, "health is rated poor"),
    ("physical_limitation", "==", "yes", 250.0, "a physical limitation"),
    ("age", "<", 2, 150.0, "an infant"),
    ("chronic_conditions_index", ">", 20, 250.0, "many chronic conditions"),
    ("age", ">=", 45, 200.0, "aged 45 or more"),
    ("age", "<", 18, 60.0, "a child"),
]
OTHERWISE = 120.0
