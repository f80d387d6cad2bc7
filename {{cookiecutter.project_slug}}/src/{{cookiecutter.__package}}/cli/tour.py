"""The command `tour`: the whole lifecycle in minutes, by the commands that a person would run."""

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UserError

if TYPE_CHECKING:  # imported by the command, so that --help answers at once
    from ..stores.rollouts import Rollout
    from .tour_folder import TourFolder

commands = typer.Typer()
LOOKS = 10  # at most, in one rollout
MONITORED = (0, 1, 3, 4)  # exit codes of `monitor`: no fault, or one of data, model or program
HELD = 5  # exit code of `rollout advance`: more decisions are needed


@commands.command()
def tour(
    count: Annotated[int, typer.Option(min=50, help="Decisions between two looks.")] = 400,
) -> None:
    """Show the whole lifecycle in minutes: rules, traffic, training, a rollout that fails and one that succeeds.

    It has a product and stores of its own, in `var/tour`: the project's ledger and models stay as they are.
    """
    from .composition import load_project, out
    from .tour_folder import make_folder

    started, folder = time.monotonic(), make_folder(load_project())
    guide = Guide(folder, count)
    guide.explain("The table is read and the rules are registered. They answer until a model is better.")
    guide.run("run", "--prepare")
    guide.explain("A product starts on a port of its own, on the rules.")
    with folder.serve() as guide.url:
        guide.show_lifecycle()
    report = folder.root / "report.html"
    out.print(f"\nThe tour took {time.monotonic() - started:.0f} s. The report is {report}; all else is beside it.")


@dataclass
class Guide:
    """Explains a command, prints it, and runs it."""

    folder: "TourFolder"
    count: int
    url: str = ""
    seed: int = 0
    forced: tuple[str, ...] = ()  # how a rollout begins of what has passed no gate

    def show_lifecycle(self) -> None:
        """Run the commands of one turn of the loop, with a product that answers."""
        self.explain("People use the product: rows of the table come as requests, reviewers react, outcomes follow.")
        self.simulate()
        self.explain("Outcomes and reactions become labels beside those of the file.")
        self.run("data")
        self.explain("Every candidate has to be better than the rules on held-out rows; the gates say why, or why not.")
        good = self.train()
        self.show_rollouts(good)
        self.explain("What the monitor says of the last decisions, and a page with plots.")
        self.run("monitor", "--report", str(self.folder.root / "report.html"), "--url", self.url, allowed=MONITORED)

    def show_rollouts(self, good: str) -> None:
        """Roll out a challenger that is worse on purpose, and then the version of the good one."""
        self.explain("Suppose that a bad model had passed: this one gives the wrong answer on purpose.")
        self.run("faulty-challenger", "worse")
        self.explain("It has passed no gate, so that a rollout of it has to be forced, with a reason.")
        self.run("rollout", "start", allowed=(2,))
        self.explain("In a rollout it first scores in the shadow, then answers a share. The guards send it back.")
        self.roll_out("--force", "tour: a bad challenger")
        self.explain("Now the good challenger, from the shadow to all requests.")
        self.roll_out("--challenger", good, *self.forced, "--why", "tour: a good challenger")
        self.explain("Which model answered when, and why it changed.")
        self.run("history")

    def explain(self, text: str) -> None:
        """Print what comes next."""
        from .composition import out

        out.print(f"\n{text}", style="bold", markup=False)

    def run(self, *words: str, allowed: tuple[int, ...] = (0,)) -> int:
        """Print and run a command, and return its exit code. Raises UserError: it is not one of those allowed."""
        from .composition import out

        command = f"uv run {_program()} {shlex.join(words)}"
        out.print(f"$ {command}", style="cyan", markup=False)
        code = self.folder.run(*words)
        if code not in allowed:
            raise UserError(f"the tour stopped: `{command}` ended with {code}; its stores are in {self.folder.root}")
        return code

    def simulate(self) -> None:
        """Send traffic; every time other cases."""
        self.seed += 1
        words = "--count", str(self.count), "--seed", str(self.seed), "--delay", "50"
        self.run("simulate", "--url", self.url, *words)

    def train(self) -> str:
        """Train, and return the version of the challenger; where all are refused, of a copy of the champion."""
        if self.run("train", allowed=(0, 1)) == 1:
            self.explain("No candidate passed its gates. A copy of the champion takes its place in this tour.")
            self.run("faulty-challenger", "worse", "--share", "0")
            self.forced = "--force", "tour: a copy of the champion"
        return self._version("challenger")

    def roll_out(self, *words: str) -> None:
        """Begin a rollout, and send traffic and look until it ends."""
        self.run("rollout", "start", *words)
        for _ in range(LOOKS):
            self.simulate()
            code = self.run("rollout", "advance", allowed=(0, 1, HELD))
            if code == 1 or not self._rollout().is_live:
                break
        else:
            self.explain(f"{LOOKS} looks have not decided, so the rollout is ended.")
            self.run("rollout", "back", "--why", "tour: the looks have not decided")
        self.run("rollout", "status", allowed=(0, 1))

    def _rollout(self) -> "Rollout":
        from ..stores.rollouts import read_latest

        with self.folder.project.ledger() as ledger:
            found = read_latest(ledger)
        if found is None:
            raise UserError("the tour stopped: `rollout start` left no rollout on record")
        return found

    def _version(self, alias: str) -> str:
        return str(self.folder.project.registry.version(alias))


def _program() -> str:
    """Return the name of the project's command: that of the package, as its first `-` are written."""
    return __package__.partition(".")[0].replace("_", "-")
