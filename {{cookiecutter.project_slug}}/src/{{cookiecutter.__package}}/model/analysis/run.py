"""All analyses of a candidate, one after the other."""

from collections.abc import Callable, Iterable, Iterator

from ...core.errors import in_one_line
from ...core.result import Finding, GateResult
from .candidate import Candidate
from .features import analyse_features
from .footprint import measure_footprint
from .learning_curve import draw_learning_curve
from .memorisation import measure_memorisation
from .parts import compare_intersections, compare_pairs
from .proxies import find_proxies
from .quality import measure_quality
from .simpler import compare_with_simpler
from .staleness import measure_staleness

Result = GateResult | Finding
ANALYSES: dict[str, Callable[[Candidate], Iterable[Result]]] = {
    "quality": measure_quality,
    "other models": compare_with_simpler,
    "pairs of columns": compare_pairs,
    "intersections of groups": compare_intersections,
    "proxies of groups": find_proxies,
    "columns": analyse_features,
    "more rows": draw_learning_curve,
    "age": measure_staleness,
    "memorisation": measure_memorisation,
    "footprint": measure_footprint,
}


def run_analyses(candidate: Candidate) -> Iterator[tuple[str, list[Result]]]:
    """Yield the name and the results of each analysis. Raises UserError: one is not possible, with the reason."""
    for name, analyse in ANALYSES.items():
        candidate.report(name)
        with in_one_line(f"{candidate.name}: {name} cannot be measured", "correct it in candidates.py"):
            found = list(analyse(candidate))
        yield name, found
