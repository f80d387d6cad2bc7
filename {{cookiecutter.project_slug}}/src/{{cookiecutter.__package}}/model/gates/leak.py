"""The leak gate: a model that is too good to be true has probably seen the answer."""

from ...core.objective import Evaluation
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult
from ..concordance import events, measure_columns, measure_concordance
from ..evaluate import Rows

SUSPICIOUS = 0.9  # concordance from which one column may not give nearly all of it
NEARLY_ALL = 0.85  # also where a tenth of the answers in a column is wrong


def leak_gate(rows: Rows, candidate: Evaluation, problem: Problem, plan: Plan) -> GateResult:
    """Judge how well a candidate ranks n rows that it was not trained on, and how much of that one column gives alone.

    Both are inconclusive until a person confirms in the plan that the columns are known before the decision (Kaufman,
    Rosset, Perlich and Stitelman, "Leakage in Data Mining", ACM TKDD 6, 2012).
    """
    limit, confirmed, found, best = plan.gates.max_auc, plan.gates.confirmed, [], 0.0
    for event, (truth, scores) in events(problem, rows.truth, candidate.predictions).items():
        ranked = measure_concordance(truth, scores)
        if ranked is None:
            continue
        best = max(best, ranked.value)
        if ranked.value > limit and "auc" not in confirmed:
            found.append(f'{event} is ranked too well to be true; add "auc" to gates.confirmed if it is')
        if ranked.value >= SUSPICIOUS:
            alone = dict(measure_columns(rows.features, truth, rows.folds))
            found += [
                f'{name} alone ranks {event} at {value:.3f}; add "{name}" to gates.confirmed if it is known in time'
                for name, value in alone.items()
                if value - 0.5 >= NEARLY_ALL * (ranked.value - 0.5) and name not in confirmed
            ]
    message = f"leak: the area under the ROC curve is {best:.3f} against a limit of {limit:g}"
    message = message if problem.target.categories else message.replace("area under the ROC curve", "concordance")
    evidence = {"auc": best, "limit": limit, "found": found}
    if found:
        return GateResult("leak", "inconclusive", "; ".join([message, *found]), evidence, inconclusive_blocks=True)
    return GateResult("leak", "pass", message, evidence)
