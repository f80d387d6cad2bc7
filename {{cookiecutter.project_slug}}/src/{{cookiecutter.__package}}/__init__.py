"""An ML product in four wheels, data, model, product and operations, that turn at their own speed."""
