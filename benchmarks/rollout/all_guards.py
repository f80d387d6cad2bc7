"""Simulate rollouts under all guards, where labels are few or misleading, mistakes rare, groups small, or rows repeat.

    uv run --project PROJECT python benchmarks/rollout/all_guards.py PROJECT [--repetitions N] [--decisions N]

`run.py` has the usual cases. PROJECT is a generated project; its guards run with the defaults of the plan. No ledger,
model or server takes part: decisions of both arms are drawn, and labels and reviews of them. Each step has so many
decisions (1,000); the guards of a planned look run at its end, the alarm 20 times in it. A decision that is wrong costs
1, and a person who reviews it overrides it; unless a scenario says otherwise, every decision is labelled and reviewed.
Every guard is counted as if it were alone; `all` counts rollouts that any of them rolls back, and `held` those in which
a guard is inconclusive before.

`pooled` is for comparison: a z-test at 5 % of all labels so far, at the end of each step, without strata.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

MOMENTS = 20  # of a step, at which the alarm looks
NEVER = 2.0  # the share at which a guard fails that does not
COUNTED = ("cost", "alarm", "overrides", "groups", "pooled", "all", "held")
Arrays = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """What both arms do. Pairs are of the champion and the challenger; `until` is the last share that counts."""

    name: str
    rates: tuple[Any, Any] = (0.1, 0.1)  # of wrong decisions: a number, or one for each step
    until: float = 1.0
    decisions: float = 1.0  # of a step, as a part of the usual number
    labelled: tuple[float, float] = (1.0, 1.0)  # share of labels that arrive by the end of the step
    arrives: tuple[float, float] = (1.0, 1.0)  # share of the others that arrive in each later step
    reviewed: float = 1.0
    dear: float = 0.0  # share of wrong decisions that cost 10
    groups: Mapping[str, float] = field(default_factory=lambda: {"a": 0.5, "b": 0.5})
    wrong_first: bool = False  # what the challenger decided wrongly is labelled in time
    repeats: int = 1  # decisions of a subject, which are all right or all wrong


DRIFT = np.linspace(0.05, 0.2, 6)
RARE = {"a": 0.55, "b": 0.4, "c": 0.04, "d": 0.01}
SCENARIOS = (
    Scenario("equal"),
    Scenario("equal, both drift from 5 to 20 %", (DRIFT, DRIFT)),
    Scenario("equal, a fifth is labelled in time, the rest late", labelled=(0.2, 0.2), arrives=(0.5, 0.5)),
    Scenario("equal, a tenth is labelled, the rest never", labelled=(0.1, 0.1), arrives=(0.0, 0.0), reviewed=0.1),
    Scenario("equal, 1 % wrong", (0.01, 0.01)),
    Scenario("equal, 1 % wrong, a tenth is reviewed", (0.01, 0.01), reviewed=0.1),
    Scenario("equal, a tenth of what is wrong costs 10", dear=0.1),
    Scenario("equal, groups of 4 and 1 %", groups=RARE),
    Scenario("equal, groups of 4 and 1 %, 1 % wrong", (0.01, 0.01), groups=RARE),
    Scenario("equal, 5 decisions of each subject", repeats=5),
    Scenario("equal, labels of the challenger late", labelled=(0.8, 0.5), arrives=(0.5, 0.5)),
    Scenario("equal, and of those what is wrong in time", labelled=(0.8, 0.5), arrives=(0.5, 0.5), wrong_first=True),
    Scenario("+10 points, by the end of 10 %", (0.1, 0.2), until=0.1),
    Scenario("+5 points, by the end of 25 %", (0.1, 0.15), until=0.25),
    Scenario("+10 points, by the end of 2 %", (0.1, 0.2), until=0.02),
    Scenario("+2 points, by the end of 75 %", (0.1, 0.12), until=0.75),
)


def load(package: str) -> SimpleNamespace:
    """Return what is measured of a generated project."""
    root = f"{package}.operations.rollouts"
    modules = {name: import_module(f"{root}.{name}") for name in ("guards", "observations", "sequential", "advance")}
    limits = import_module(f"{package}.core.operations_plan").Rollout()
    plan = SimpleNamespace(rollout=limits)
    return SimpleNamespace(**modules, limits=limits, plan=plan, steps=[share for share in limits.steps if share < 1])


def draw_step(scenario: Scenario, place: int, share: float, number: int, rng: Any) -> Arrays:
    """Return the decisions of one step: arm, cost, look at which the label is known, review and group of each."""
    subjects = max(round(number * scenario.decisions) // scenario.repeats, 1)
    arm = (rng.random(subjects) < share).astype(int)
    rates = np.array([np.broadcast_to(rate, 6)[place] for rate in scenario.rates])
    wrong = np.repeat(rng.random(subjects) < rates[arm], scenario.repeats)
    arm = np.repeat(arm, scenario.repeats)
    cost = wrong * np.where(rng.random(len(arm)) < scenario.dear, 10.0, 1.0)
    in_time, later = (np.array(pair)[arm] for pair in (scenario.labelled, scenario.arrives))
    in_time = np.where(wrong & (arm == 1) & scenario.wrong_first, 1.0, in_time)
    waits = np.where(later > 0, rng.geometric(np.maximum(later, 0.01)), 99)
    known = place + np.where(rng.random(len(arm)) < in_time, 0, waits)
    group = rng.choice(len(scenario.groups), len(arm), p=[*scenario.groups.values()])
    subject = np.repeat(np.arange(subjects), scenario.repeats)
    reviewed = rng.random(len(arm)) < scenario.reviewed
    return {"arm": arm, "wrong": wrong, "cost": cost, "known": known} | {
        "group": group,
        "subject": subject,
        "reviewed": reviewed,
    }


def observe_arm(found: Any, drawn: Arrays, which: int, look: int, scenario: Scenario) -> Any:
    """Return what the ledger would say about one arm of a step at a look."""
    rows = {name: values[drawn["arm"] == which] for name, values in drawn.items()}
    known, overridden = rows["known"] <= look, rows["reviewed"] & rows["wrong"]
    units = [len(np.unique(rows["subject"][chosen])) for chosen in (slice(None), overridden, known)]
    costs = found.observations.summarise
    groups = {
        f"group = {name}": costs(rows["cost"][known & (rows["group"] == code)])
        for code, name in enumerate(scenario.groups)
    }
    return found.observations.Arm(
        units=units[0],
        decisions=len(known),
        adverse=units[1],
        calls=len(known),
        reviewed=int(rows["reviewed"].sum()),
        overridden=int(overridden.sum()),
        labelled=units[2],
        costs=costs(rows["cost"][known]),
        groups=groups,
    )


def is_alarmed(found: Any, before: list[Any], drawn: Arrays, share: float) -> bool:
    """Return whether the alarm is raised at one of the moments of a step."""
    arms = [(step.share, step.challenger.adverse, step.challenger.adverse + step.champion.adverse) for step in before]
    adverse = drawn["reviewed"] & drawn["wrong"]
    for end in np.linspace(0, len(adverse), MOMENTS + 1)[1:].astype(int):
        seen = [len(np.unique(drawn["subject"][:end][adverse[:end] & (drawn["arm"][:end] == arm)])) for arm in (0, 1)]
        if found.sequential.wealth([*arms, (share, seen[1], sum(seen))]) >= 1 / found.limits.alarm_level:
            return True
    return False


def is_pooled_worse(steps: list[Any]) -> bool:
    """Return whether a z-test of all labels so far finds the challenger worse."""
    one, other = ([getattr(step, arm).costs for step in steps] for arm in ("challenger", "champion"))
    sums = [
        [sum(getattr(each, name) for each in arm) for name in ("number", "total", "squares")] for arm in (one, other)
    ]
    if any(number < 2 for number, *_ in sums):
        return False
    error = sum((squares / number - (total / number) ** 2) / number for number, total, squares in sums) ** 0.5
    return error > 0 and (sums[0][1] / sums[0][0] - sums[1][1] / sums[1][0]) / error > statistics.NormalDist().inv_cdf(
        0.95
    )


def roll_out(found: Any, scenario: Scenario, number: int, rng: Any) -> dict[str, float]:
    """Return the share at which each guard fails for the first time, or NEVER; `held`: something is inconclusive."""
    first, drawn, looks = dict.fromkeys(COUNTED, NEVER), [], []
    for place, share in enumerate(found.steps):
        before = [make_step(found, scenario, drawn, each, place) for each in range(place)]
        drawn.append(draw_step(scenario, place, share, number, rng))
        steps = [*before, make_step(found, scenario, drawn, place, place)]
        rollout = SimpleNamespace(looks=looks, steps=found.limits.steps)
        results = {
            each.gate.partition(".")[2]: each for each in found.advance.run_guards(steps, rollout, 2.0, found.plan)
        }
        looks += [results["cost"].evidence] if "level" in results["cost"].evidence else []
        failed = {name for name, each in results.items() if each.status == "fail"} - {"alarm"}
        failed |= {"alarm"} if is_alarmed(found, before, drawn[-1], share) else set()
        failed |= {"all"} if failed else set()
        failed |= {"pooled"} if is_pooled_worse(steps) else set()
        # a step that has too few decisions is held in every scenario that has fewer than the plan asks for
        held = {name for name, each in results.items() if each.status == "inconclusive"} - {"traffic"}
        failed |= {"held"} if held and first["all"] == NEVER and "all" not in failed else set()
        for name in failed & set(COUNTED):
            first[name] = min(first[name], share)
    return first


def make_step(found: Any, scenario: Scenario, drawn: list[Arrays], place: int, look: int) -> Any:
    """Return a step as it is known at a look."""
    arms = [observe_arm(found, drawn[place], which, look, scenario) for which in (0, 1)]
    return found.observations.Step(place + 1, found.steps[place], *arms)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    [package] = [path.parent.name for path in given.project.resolve().glob("src/*/cli")]
    found, start = load(package), time.perf_counter()
    title = f"Rolled back, per cent of {given.repetitions:,} rollouts with {given.decisions:,} decisions in each step"
    table = Table("scenario", *COUNTED, title=title)
    for place, scenario in enumerate(track(SCENARIOS, "Simulating", console=Console(stderr=True))):
        rng = np.random.default_rng([given.seed, place])
        runs = [roll_out(found, scenario, given.decisions, rng) for _ in range(given.repetitions)]
        shares = [np.mean([run[name] <= scenario.until for run in runs]) for name in COUNTED]
        table.add_row(scenario.name, *(f"{share:.1%}".removesuffix("%") for share in shares))
    Console(width=140).print(table)
    limits = found.limits
    print(f"level {limits.level:g}, alarm {limits.alarm_level:g}, each other guard {limits.guard_level:g}")
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    print(f"{machine}; seed {given.seed}; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
