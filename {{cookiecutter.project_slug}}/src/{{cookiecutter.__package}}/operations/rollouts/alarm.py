"""The alarm: the guards that look at any moment, in every serving process, and roll back at once."""

import logging
import time

from ...core.plan import Plan
from ...stores.ledger import Ledger
from ...stores.rollouts import RolloutConflictError, change, read_current
from .guards import check_alarm, check_failures, check_latency
from .observations import Arm, Step
from .observe import count_steps

MAX_LOAD = 0.05  # of the time of one thread
log = logging.getLogger(__name__)


class Alarm:
    """Looks at the live rollout whenever it is called, but for so long after a look that took long."""

    def __init__(self, ledger: Ledger, plan: Plan) -> None:
        self.ledger = ledger
        self.plan = plan
        self._next = 0.0

    def __call__(self) -> None:
        """Roll back if failures, latency, or failures and overrides together say so; never twice."""
        start = time.monotonic()
        if start < self._next:
            return
        check_rollout(self.ledger, self.plan)
        end = time.monotonic()
        self._next = end + (end - start) * (1 / MAX_LOAD - 1)


def check_rollout(ledger: Ledger, plan: Plan) -> None:
    """Roll back the live rollout if one of the guards that need no labels fails."""
    rollout, limits = read_current(ledger), plan.rollout
    if rollout is None or rollout.step == 0:
        return
    steps = count_steps(ledger, rollout, plan)
    empty = Step(rollout.step, rollout.share, Arm(), Arm())
    step = next((each for each in steps if each.number == rollout.step), empty)
    results = [
        check_failures(step.challenger, limits),
        check_latency(step.challenger, step.champion, limits),
        check_alarm(steps, limits),
    ]
    if failed := [result.message for result in results if result.status == "fail"]:
        try:
            change(ledger, rollout, why="; ".join(failed), who="product", state="back")
        except RolloutConflictError:  # another process, or an operator, was the first
            return
        log.error("rolled back: %s", "; ".join(failed))
