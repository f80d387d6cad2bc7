"""Features drawn within the bounds of a product's contract, as its OpenAPI document states them.

Locust is not imported here, because it changes the process that imports it.
"""

import random

SHARE_LEFT_OUT = 0.1  # of the optional fields
SPAN = 1000  # of a number without a bound


def features_schema(document):
    """Return the schema of a row of features from an OpenAPI document."""
    return document["components"]["schemas"]["Features"]


def draw_features(schema):
    """Return features that the contract accepts."""
    required, [example] = schema.get("required", []), schema["examples"]
    fields = {name: schema["properties"][name] for name in example}  # the others are ids of the case
    drawn = {name: field for name, field in fields.items() if name in required or random.random() >= SHARE_LEFT_OUT}
    return {name: draw_value(field, example[name]) for name, field in drawn.items()}


def draw_value(field, example):
    """Return a value that a field accepts; a text is the field's example."""
    field = next((option for option in field.get("anyOf", []) if option.get("type") != "null"), field)
    if "enum" in field:
        return random.choice(field["enum"])
    if field.get("type") not in {"integer", "number"}:
        return field.get("const", example)
    low = field.get("minimum", field.get("maximum", SPAN) - SPAN)
    high = field.get("maximum", low + SPAN)
    return random.randint(int(low), int(high)) if field["type"] == "integer" else random.uniform(low, high)
