"""Training tables of the synthetic problems, without a lake."""

from functools import cache

import numpy as np
import pandas as pd
from problems import SHAPES

FOLDS = 4


@cache
def training_table(name):
    """Return the table that `data` makes of a shape: numbers as floats, missing values as None or NaN."""
    problem = SHAPES[name].problem()
    table = pd.DataFrame(SHAPES[name].table()).replace("", None)
    for column in (*problem.stored, problem.target):
        if column.is_numeric:
            table[column.name] = table[column.name].astype(float)
    return table.assign(_fold=np.arange(len(table)) % FOLDS)
