"""Simulate rollouts: how often an equal challenger is rolled back, and how often a worse one in time.

    uv run --project PROJECT python benchmarks/rollout/run.py PROJECT [--repeats N] [--labels N]

PROJECT is a freshly generated project; its guards decide, with the defaults of the plan. Each step has so many labelled
decisions; an error costs 1, and a person overrides it. The alarm looks twenty times in a step, as the product does all
the time. Scenarios:

- `equal`: both arms err in 10 % of the decisions;
- `drift`: both arms go from 5 to 20 %;
- `late labels`: of the labels of a step, a fifth more is there at each later look, in both arms alike;
- `+10 points`, `+5 points`: the challenger errs in 20 or 15 %; rolled back by the end of the step of 10 or 25 %.

Counted: rollouts that any guard rolls back, and those that the costs or the alarm alone would roll back.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

LOOKS = 20  # of the alarm, in a step
DRIFT = tuple(np.linspace(0.05, 0.2, 5))
SAME = (0.1,) * 5
SCENARIOS: dict[str, tuple[tuple[float, ...], tuple[float, ...], float, bool]] = {
    "equal": (SAME, SAME, 1.0, False),
    "drift": (DRIFT, DRIFT, 1.0, False),
    "late labels": (SAME, SAME, 1.0, True),
    "+10 points by 10 %": (SAME, (0.2,) * 5, 0.10, False),
    "+5 points by 25 %": (SAME, (0.15,) * 5, 0.25, False),
}


class Simulation:
    """Rollouts under the guards of a project."""

    def __init__(self, project: Path, labels: int) -> None:
        os.chdir(project)
        [package] = [path.parent.name for path in project.glob("src/*/cli")]
        modules = ("guards", "observations", "sequential")
        found = (importlib.import_module(f"{package}.operations.rollouts.{name}") for name in modules)
        self.guards, self.observations, self.sequential = found
        self.plan = importlib.import_module(f"{package}.core.operations_plan").Rollout()
        self.labels = labels
        self.steps = [share for share in self.plan.steps if share < 1]

    def draw(self, rng: np.random.Generator, share: float, rates: tuple[float, float]) -> dict[str, Any]:
        """Return arms, errors and ranks of arrival of the decisions of a step."""
        challenger = rng.random(self.labels) < share
        errors = rng.random(self.labels) < np.where(challenger, rates[1], rates[0])
        return {"challenger": challenger, "errors": errors, "rank": rng.random(self.labels)}

    def observe(self, number: int, share: float, drawn: dict[str, Any], known: float, until: int) -> object:
        """Return a step as the guards read it: its first decisions, of which a part has a label."""
        arms = []
        for is_arm in (~drawn["challenger"], drawn["challenger"]):
            its = {name: values[:until][is_arm[:until]] for name, values in drawn.items()}
            units, has_label = len(its["errors"]), its["rank"] < known
            costs = self.observations.summarise(its["errors"][has_label].astype(float))
            counts = dict.fromkeys(("units", "decisions", "calls", "reviewed"), units)
            counts |= dict.fromkeys(("adverse", "overridden"), int(its["errors"].sum()))
            counts["labelled"] = int(has_label.sum())
            arms.append(self.observations.Arm(**counts, costs=costs))
        return self.observations.Step(number, share, *arms)

    def roll_out(self, rng: np.random.Generator, scenario: str) -> dict[str, float]:
        """Return for each guard the share of the step at which it rolls back, 9 if it never does."""
        champion, challenger, _, late = SCENARIOS[scenario]
        drawn = [self.draw(rng, share, (champion[place], challenger[place])) for place, share in enumerate(self.steps)]
        found, looks = dict.fromkeys(("alarm", "alarm at 5 %", "cost", "overrides", "labelled_share"), 9.0), []
        for place, share in enumerate(self.steps):
            known = [min(1.0, 0.4 + 0.2 * (place - each)) if late else 1.0 for each in range(place + 1)]
            steps = [self.observe(n, self.steps[n], drawn[n], known[n], self.labels) for n in range(place + 1)]
            for look in range(1, LOOKS + 1):
                now = self.observe(place, share, drawn[place], known[place], self.labels * look // LOOKS)
                evidence = self.guards.check_alarm([*steps[:-1], now], self.plan).evidence["wealth"]
                for name, limit in (("alarm", 1 / self.plan.alarm_level), ("alarm at 5 %", 20)):
                    found[name] = min(found[name], share) if evidence >= limit else found[name]
            cost = self.guards.check_cost(steps, self.plan.steps, looks, self.plan)
            looks += [cost.evidence] if "level" in cost.evidence else []
            results = [cost, self.guards.check_overrides(steps, self.plan)]
            results.append(self.guards.check_labelled_share(steps, self.plan))
            for result in results:
                name = result.gate.partition(".")[2]
                found[name] = min(found[name], share) if result.status == "fail" else found[name]
        return found


def main() -> None:
    """Print a table of all scenarios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--repeats", type=int, default=1500)
    parser.add_argument("--labels", type=int, default=1000)
    given = parser.parse_args()
    simulation, console = Simulation(given.project.resolve(), given.labels), Console()
    table = Table("scenario", "rolled back", "by costs", "by the alarm", "an alarm at 5 % alone", "by overrides")
    for scenario, (_, _, until, _) in SCENARIOS.items():
        rng = np.random.default_rng(1)
        drawn = track(range(given.repeats), f"{scenario:20}", console=console, transient=True)
        found = [simulation.roll_out(rng, scenario) for _ in drawn]
        names = ("cost", "alarm", "alarm at 5 %", "overrides")
        shares = [np.mean([one[name] <= until for one in found]) for name in names]
        own = [min(one[name] for name in ("cost", "alarm", "overrides")) <= until for one in found]
        table.add_row(scenario, *(f"{share:.1%}" for share in (np.mean(own), *shares)))
    console.print(table)
    machine = f"Python {sys.version.split()[0]}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(f"{given.repeats} rollouts a scenario, {given.labels} labels a step; {machine}")


if __name__ == "__main__":
    main()
