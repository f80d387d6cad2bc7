"""Assignments: which rows belong together, and which fold of cross-validation holds each row out, several times over.

One assignment of rows to folds decides a close comparison by luck. Cross-validation is therefore repeated with
several (Kim, "Estimating classification error rate: repeated cross-validation, repeated hold-out and bootstrap",
Computational Statistics & Data Analysis 53, 2009).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..core.copies import are_copies

BUCKETS = 1_000  # of hashes
MAX_FITTED = 100_000  # rows times assignments: of large tables, every assignment gives the same result


def assign_folds(
    first: NDArray[np.int64], units: NDArray[np.int64], names: pd.Series, *, number: int, time: pd.Series | None = None
) -> NDArray[np.int64]:
    """Return `number` assignments of n rows to folds, shape (number, n), or fewer for a large table.

    The first one is given. In the others the fold of a row follows from a hash of its unit's first name, so that it
    stays the same when other rows come or go. With a `time`, folds are consecutive blocks, which begin elsewhere.
    """
    number, folds = max(1, min(number, MAX_FITTED // max(len(first), 1))), int(first.max()) + 1
    representatives = _first_of_unit(units)
    found = [first[representatives]]
    for place in range(1, number):
        if time is not None:
            ranks = (time.rank(method="first").to_numpy() - 1) / len(first)
            found.append((np.floor(ranks * folds + place / number) % folds).astype(np.int64)[representatives])
        else:
            hashed = pd.util.hash_array(names.to_numpy(dtype=object)[representatives], hash_key=f"{place:016d}")
            found.append((hashed % folds).astype(np.int64))
    return np.array(found)


def find_units(subjects: pd.Series, features: pd.DataFrame) -> tuple[NDArray[np.int64], float]:
    """Return the unit of each of n rows, as a number, and the share of rows that are copies of another subject's.

    Rows of one subject are one unit, and so are copies: rows whose inputs are equal although that is unlikely.
    """
    codes = subjects.factorize()[0].astype(np.int64)
    if not are_copies(len(features), (_chance(features[name]) for name in features)):
        return codes, 0.0
    contents = pd.util.hash_pandas_object(features, index=False).factorize()[0]
    rows_of_subjects = len(pd.unique(codes * (contents.max() + 1) + contents))  # a case may come again
    copied = 1 - (contents.max() + 1) / rows_of_subjects
    if copied > 0:
        ends = codes, contents + codes.max() + 1  # a graph of subjects and of contents
        size = int(ends[1].max()) + 1
        links = coo_array((np.ones(len(codes)), ends), shape=(size, size))
        _, components = connected_components(links, directed=False)
        codes = components[codes].astype(np.int64)
    return codes, float(copied)


def find_search_rows(units: NDArray[np.int64], keys: NDArray[np.uint64] | None, share: float) -> NDArray[np.bool_]:
    """Return which of n rows searches use: a share of the units, by a hash, so that a unit is always on one side.

    Candidates whose parameters were chosen on some rows look better there than they are (Cawley and Talbot, "On
    Over-fitting in Model Selection", JMLR 11, 2010), so that they are compared on the others.
    """
    names = units.astype(np.uint64) if keys is None else keys
    first = np.full(int(units.max()) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(first, units, names)
    return np.asarray(pd.util.hash_array(first)[units] % BUCKETS < share * BUCKETS)


def _chance(values: pd.Series) -> float:
    """Return the chance that two rows have the same value of a column."""
    return float((values.value_counts(normalize=True, dropna=False) ** 2).sum())


def _first_of_unit(units: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return for each row the position of the first row of its unit."""
    _, first, inverse = np.unique(units, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])
