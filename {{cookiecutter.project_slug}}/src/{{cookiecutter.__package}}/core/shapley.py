"""Shapley values: how a score is shared among the columns, compared with a background.

Of a coalition of columns, the values are those of the case, and all others those of a row of the background; a
column has the mean of what joining a coalition adds to the score (interventional: Janzing et al., AISTATS 2020).

With few columns every coalition is tried, which is exact. Else columns join in random orders, each tried forwards and
backwards (antithetic: Mitchell et al., JMLR 23, 2022). That is exact too where the score is a sum of terms of one or
two columns, as a linear model's is, since each pair is then joined once in either order.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = Mapping[str, Sequence[Any]]
Score = Callable[[Inputs], NDArray[np.float64]]
MAX_ROWS = 4096  # that are scored to try every coalition
ORDERS = 64  # random orders, at least one for each row of the background


def shapley_values(
    score: Score, row: Mapping[str, Any], background: Inputs, read: Collection[str] | None = None
) -> tuple[dict[str, float], float]:
    """Return the effect of each column on the score of a row, and the mean score of the background.

    The effects add up to the difference of the two. `score` is called once, with all rows to be scored. `read`: the
    columns that the score depends on; None for all.
    """
    differing = [name for name, values in background.items() if any(value != row[name] for value in values)]
    players = [name for name in differing if read is None or name in read]
    size = len(next(iter(background.values())))
    is_exact = size << len(players) <= MAX_ROWS
    masks, weights, places = _enumerate(len(players), size) if is_exact else _sample(len(players), size)
    inputs: dict[str, list[Any]] = {}
    for name, values in background.items():
        others = _as_objects(values)[places]
        joined = masks[:, players.index(name)] if name in players else np.zeros(len(masks), dtype=bool)
        inputs[name] = [*values, *np.where(joined, _as_objects([row[name]]), others).tolist()]
    scores = score(inputs)
    effects = dict.fromkeys(background, 0.0) | dict(zip(players, (scores[size:] @ weights).tolist(), strict=True))
    return effects, float(scores[:size].mean())


def _enumerate(players: int, size: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Return every coalition beside every row of the background: who is in it, weights, and the row's place."""
    masks = (np.arange(1 << players)[:, None] >> np.arange(players)) % 2 == 1
    counts = range(players)
    shares = np.array([factorial(each) * factorial(players - each - 1) / factorial(players) for each in counts] + [0.0])
    count = masks.sum(axis=1, keepdims=True)
    weights = np.where(masks, shares[count - 1], -shares[count]) / size
    return np.repeat(masks, size, axis=0), np.repeat(weights, size, axis=0), np.tile(np.arange(size), len(masks))


def _sample(players: int, size: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Return the coalitions of random orders, each beside one row of the background, in the form of `_enumerate`."""
    repeats = max(1, ORDERS // size)
    forwards = np.random.default_rng(0).permuted(np.tile(np.arange(players), (size * repeats, 1)), axis=1)
    ranks = np.concatenate([forwards, players - 1 - forwards])[:, None, :]  # when each column joins
    steps = np.arange(players + 1)[None, :, None]
    masks = (ranks < steps).reshape(-1, players)
    weights = ((ranks == steps - 1).astype(float) - (ranks == steps)).reshape(-1, players) / len(ranks)
    return masks, weights, np.tile(np.arange(size), 2 * repeats).repeat(players + 1)


def _as_objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as an array that keeps each as it is."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
