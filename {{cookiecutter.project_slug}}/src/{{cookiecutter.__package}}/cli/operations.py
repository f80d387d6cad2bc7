"""Commands of the operations wheel."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from ..core.result import GateResult

commands = typer.Typer()


@commands.command()
def monitor(
    last: Annotated[int | None, typer.Option(min=1, help="How many decisions to look at; 1000 by default.")] = None,
    *,
    since: Annotated[str, typer.Option(help="Look at the decisions made at this time or later, ISO 8601.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the full evidence as JSON, and nothing else.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a page with plots to this file, .html.")] = None,
    url: Annotated[str, typer.Option(help="The running product, to measure its memory.")] = "",
) -> None:
    """Watch the data, the model and the program by recent decisions, and say whether to retrain.

    Without options: the decisions since the last window that was kept, at most 1000; the last 1000 if those are too
    few. A window that overlaps with no other one is kept, so that slow drift can be seen.

    Exit 0: no fault. 1: a fault of the data. 3: of the model. 4: of the program; of several faults the most severe
    one, 4 before 3 before 1. 2: an error of whoever runs the command.
    """
    from ..operations.monitoring.faults import exit_code
    from ..operations.monitoring.monitor import run_watches, to_keep
    from ..operations.monitoring.report import write_report
    from ..operations.monitoring.retraining import ask_retraining, violations
    from ..stores.files import check_writable
    from ..stores.windows import record_window
    from .composition import load_project, out
    from .job_summary import set_output, summarise, tabulate
    from .watching import gather

    out.quiet = as_json
    if report is not None:
        check_writable("--report", report)
    project = load_project()
    with project.ledger() as ledger:
        watched, faults = gather(project, ledger, last, since, url)
        found, statistics = run_watches(watched)
        results, history = [*faults, *found], [*watched.history]
        if kept := to_keep(watched, results, statistics):
            record_window(ledger, kept)
            history.append(kept)
    retraining = ask_retraining(history, violations(results), project.plan.monitor)
    summary = _summarise(results, retraining, watched.decisions.times, kept=kept is not None)
    if report is not None:
        write_report(report, watched, results, statistics, retraining)
    _show(results, summary)
    summarise("Watches", tabulate([result for result in results if result.status != "pass"]))
    set_output("retrain", str(retraining["wanted"]).lower())
    if as_json:
        typer.echo(json.dumps(summary, indent=2, default=str))
    if code := exit_code(results):
        raise typer.Exit(code)


def _summarise(results: "list[GateResult]", retraining: dict[str, Any], times: Any, *, kept: bool) -> dict[str, Any]:
    from ..operations.monitoring.faults import exit_code, kind_of

    rows = [
        {"watch": result.gate, "kind": kind_of(result.gate), "status": result.status, "message": result.message}
        | {"evidence": dict(result.evidence)}
        for result in results
    ]
    window = {"decisions": len(times), "first": times[0] if times else None, "last": times[-1] if times else None}
    named = {status: [row["watch"] for row in rows if row["status"] == status] for status in ("fail", "inconclusive")}
    return {
        "window": window | {"kept": kept},
        "exit_code": exit_code(results),
        "failed": named["fail"],
        "not_measured": named["inconclusive"],
        "retraining": retraining,
        "watches": rows,
    }


def _show(results: "list[GateResult]", summary: dict[str, Any]) -> None:
    """Print faults, then what could not be measured; `--json` and `--report` show what is as it should be as well."""
    from .composition import out, show

    window = summary["window"]
    span = f" from {window['first']} to {window['last']}" if window["decisions"] else ""
    out.print(f"{window['decisions']:,} decisions{span}", markup=False)
    for result in sorted(results, key=lambda result: result.status != "fail"):
        if result.status != "pass":
            show(result)
    counts = [sum(result.status == status for result in results) for status in ("fail", "inconclusive", "pass")]
    texts = (
        f"Watches: {counts[0]} failed, {counts[1]} not measured for lack of evidence, {counts[2]} as they should be."
    )
    out.print(texts, markup=False)
    retraining = summary["retraining"]
    wanted = "Retrain" if retraining["wanted"] else "No retraining is asked for"
    out.print(f"{wanted}: {retraining['reason']}.", markup=False)
