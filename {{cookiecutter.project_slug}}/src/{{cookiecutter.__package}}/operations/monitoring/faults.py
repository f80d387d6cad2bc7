"""Faults: which kind each watch finds, and the exit code of each kind."""

from collections.abc import Iterable

from ...core.result import GateResult

DATA, MODEL, PROGRAM = "data", "model", "program"
CODES = {DATA: 1, MODEL: 3, PROGRAM: 4}  # 2 is an error of whoever runs the command
# by the first word of a watch's name; what is not here is a fault of the data
KINDS = {
    **dict.fromkeys(("predictions", "reviews", "overrides", "cost", "calibration"), MODEL),
    **dict.fromkeys(("gap", "expected", "staleness"), MODEL),
    **dict.fromkeys(("model", "skew", "scores", "fallbacks", "latency", "memory", "traffic"), PROGRAM),
}


def kind_of(gate: str) -> str:
    """Return whether a watch finds faults of data, of the model or of the program."""
    return KINDS.get(gate.replace(".", " ").split(" ", 1)[0], DATA)


def exit_code(results: Iterable[GateResult]) -> int:
    """Return the code of the most severe fault: 4 of the program, 3 of the model, 1 of data, 0 without one."""
    return max((CODES[kind_of(result.gate)] for result in results if result.status == "fail"), default=0)
