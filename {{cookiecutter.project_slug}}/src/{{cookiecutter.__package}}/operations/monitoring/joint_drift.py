"""Joint drift: whether columns still depend on each other as in training, though each by itself may be as it was.

A join of the wrong rows upstream shuffles columns against each other: no column drifts, and every model fails.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.operations_plan import Drift
from ...core.reference import Values
from ...core.result import GateResult
from ...core.schema import Column
from .drift import SHARE_OF_LEVEL

MAX_COLUMNS = 40  # of a table, those that come first
MAX_CATEGORIES = 6  # of a column, the most frequent ones
MINIMUM_SEEN = 20  # of a category in each sample: the products of rarer ones say little
MAX_ROWS = 2_000  # of each sample; more rows take longer and find nothing that matters
ROUNDS = 399  # of permutations
NEAR = 2.5  # standard deviations: below it, no permutation is needed to know that a difference is chance
GATE = "joint"

Vector = NDArray[np.float64]


def joint_drift(sample: Values, window: Values, columns: Sequence[Column], drift: Drift) -> Iterator[GateResult]:
    """Compare the correlation of each pair of columns in a window with that in a sample of the training table.

    Numbers are taken as ranks, and as the distance of these from the median, so that a shift of one column changes
    nothing and U-shaped dependence is seen; categories as indicators. A pair fails if the square of the difference is
    at least the plan's limit, and if the difference is beyond chance for all pairs at once: in permutations of the rows
    between both samples, the largest difference is rarely as large (Westfall and Young, "Resampling-Based Multiple
    Testing", 1993).
    """
    used = [column for column in columns if column.kind != "text"][:MAX_COLUMNS]
    rows, then = (min(len(next(iter(values.values()), [])), MAX_ROWS) for values in (window, sample))
    if min(rows, then) < drift.minimum_rows or len(used) <= 1:
        message = f"joint drift: {rows} decisions of {len(used)} columns, {drift.minimum_rows} of 2 are needed"
        yield GateResult(GATE, "inconclusive", message, {"rows": rows})
        return
    encoded = [_encode(column, window[column.name][-rows:], sample[column.name][:then]) for column in used]
    owners = np.array([place for place, pairs in enumerate(encoded) for _ in pairs], dtype=int)
    variables = [np.concatenate(pair) for pairs in encoded for pair in pairs]
    if len({*owners.tolist()}) <= 1:
        yield GateResult(GATE, "inconclusive", "joint drift: fewer than two columns vary", {"rows": rows})
        return
    differences, p = _compare(np.column_stack(variables), owners, rows)
    fails = (p < drift.level * SHARE_OF_LEVEL) & (differences**2 >= drift.limit)
    changed = sorted(_name_pairs(fails, owners, used))
    evidence = {"rows": rows, "p": float(p.min()), "changed": changed}
    if not fails.any():
        message = f"joint drift: columns depend on each other as in training, {rows} decisions"
        yield GateResult(GATE, "pass", message, evidence)
        return
    worst = np.unravel_index(np.where(fails, np.abs(differences), -1).argmax(), fails.shape)
    one, other = (used[owners[place]].name for place in worst)
    message = f"joint drift: {one} and {other} depend on each other in another way than in training, correlation"
    message += f" {differences[worst]:+.2f}; pairs that changed: {len(changed)}"
    yield GateResult(GATE, "fail", f"{message}; look for rows that were joined wrongly", evidence)


def _compare(variables: Vector, owners: NDArray[np.int64], rows: int) -> tuple[Vector, Vector]:
    """Return the difference of the mean product of each pair of variables, and its p-value for all pairs at once.

    `variables`: shape (n + m, k), whose first `rows` are of the window; those of one column are not compared.
    """
    total, then = len(variables), len(variables) - rows
    products, squares = variables.T @ variables, (variables**2).T @ variables**2
    variance = np.maximum(squares / total - (products / total) ** 2, 1e-12) * (1 / rows + 1 / then)
    is_pair = owners[:, None] != owners[None, :]

    def differ(chosen: Vector) -> Vector:
        inside = chosen.T @ chosen
        return np.asarray(np.where(is_pair, inside / rows - (products - inside) / then, 0.0))

    differences = differ(variables[:rows])
    observed = np.abs(differences) / np.sqrt(variance)
    if observed.max() < NEAR:
        return differences, np.ones_like(observed)
    rng = np.random.default_rng(0)
    largest = [
        float((np.abs(differ(variables[rng.permutation(total)[:rows]])) / np.sqrt(variance)).max())
        for _ in range(ROUNDS)
    ]
    exceeded = ROUNDS - np.searchsorted(np.sort(largest), observed, side="left")
    return differences, np.where(is_pair, (1 + exceeded) / (1 + ROUNDS), 1.0)


def _name_pairs(fails: NDArray[np.bool_], owners: NDArray[np.int64], used: Sequence[Column]) -> set[str]:
    places = zip(*np.nonzero(np.triu(fails)), strict=True)
    return {f"{used[owners[one]].name} and {used[owners[other]].name}" for one, other in places}


def _encode(column: Column, window: Sequence[object], sample: Sequence[object]) -> list[tuple[Vector, Vector]]:
    """Return standardised variables of a column: pairs of arrays, of the window and of the sample."""
    if column.categories:
        counts = {name: sum(value == name for value in sample) for name in column.categories}
        common = sorted(counts, key=lambda name: -counts[name])[: MAX_CATEGORIES if len(counts) > 2 else 1]  # noqa: PLR2004
        pairs = [tuple(_indicator(values, name) for values in (window, sample)) for name in common]
    else:
        pairs = list(zip(_ranked(window), _ranked(sample), strict=True))
    return [(one, other) for one, other in pairs if one.any() and other.any()]


def _indicator(values: Sequence[object], category: str) -> Vector:
    """Return whether each value is the category, standardised; zeros if too few or too many are."""
    found = np.array([value == category for value in values], dtype=np.float64)
    seen = min(found.sum(), len(found) - found.sum())
    return (found - found.mean()) / found.std() if seen >= MINIMUM_SEEN else np.zeros(len(found))


def _ranked(values: Sequence[object]) -> tuple[Vector, Vector]:
    """Return mid-ranks and their distances from the median, standardised; 0 where one is missing."""
    found = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    known = ~np.isnan(found)
    ranks = np.zeros(len(found))
    if known.sum() < MINIMUM_SEEN:
        return ranks, ranks
    _, places, counts = np.unique(found[known], return_inverse=True, return_counts=True)
    ranks[known] = ((np.cumsum(counts) - counts / 2) / counts.sum())[places] - 0.5
    return _standardise(ranks, known), _standardise(np.abs(ranks), known)


def _standardise(values: Vector, known: NDArray[np.bool_]) -> Vector:
    spread = values[known].std()
    found = np.zeros(len(values))
    if spread > 0:
        found[known] = (values[known] - values[known].mean()) / spread
    return found
