"""Rollouts: the state of replacing the champion by a challenger, in the ledger's database.

A change is written together with its event, in one transaction, and only if nobody changed the rollout meanwhile
(optimistic locking by `revision`): of two operators at once one succeeds, and the other one is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .events import add_event
from .ledger import Ledger, new_id, now

State = Literal["shadow", "running", "paused", "done", "back", "stopped"]
LIVE: tuple[State, ...] = ("shadow", "running", "paused")


class RolloutConflictError(ValueError):
    """Another operator, or the product itself, changed the rollout meanwhile; or another rollout is live."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout: `share` of the subjects is answered by the challenger, the others by the champion.

    `steps` are the shares to go through; step 0 is the shadow, step k has the share `steps[k - 1]`. `champion` and
    `challenger` are entries of published models: name, version, digest and tags. `looks` is the evidence of each
    planned look, one for each step that was completed.
    """

    id: str
    state: State
    step: int
    share: float
    steps: Sequence[float]
    champion: Mapping[str, Any]
    challenger: Mapping[str, Any]
    looks: Sequence[Mapping[str, Any]]
    started_at: str
    step_at: str
    changed_at: str
    reason: str
    revision: int

    @property
    def is_live(self) -> bool:
        """Whether the rollout goes on."""
        return self.state in LIVE

    @property
    def title(self) -> str:
        """State, step and share in a few words."""
        if self.state == "shadow":
            return "shadow"
        return f"{self.state} at step {self.step} of {len(self.steps)} ({self.share:.0%})"


def describe_rollout(rollout: Rollout) -> dict[str, Any]:
    """Return what a page or a script shows of a rollout, as JSON."""
    names = ("id", "state", "step", "share", "steps", "reason", "started_at", "step_at", "changed_at")
    labels = {arm: f"{entry['name']}:{entry['version']}" for arm, entry in _entries(rollout).items()}
    return {name: getattr(rollout, name) for name in names} | labels


def begin(
    ledger: Ledger, champion: Mapping[str, Any], challenger: Mapping[str, Any], steps: Sequence[float], why: str
) -> Rollout:
    """Begin a rollout with its shadow. Raises RolloutConflictError: another one is live."""
    at = now()
    times = {"started_at": at, "step_at": at, "changed_at": at}
    begun = Rollout(new_id(), "shadow", 0, 0.0, [*steps], champion, challenger, [], reason=why, revision=1, **times)
    try:
        with ledger.engine.begin() as connection:
            connection.execute(sa.insert(ledger.tables.rollouts), {**asdict(begun), "live": True})
            _add_event(connection, ledger, begun, "none", why, None)
    except IntegrityError:
        live = read_current(ledger)
        title = live.title if live else "it has just ended"
        raise RolloutConflictError(f"a rollout is live already: {title}") from None
    return begun


def change(ledger: Ledger, rollout: Rollout, *, why: str, who: str | None = None, **changes: Any) -> Rollout:
    """Change a rollout as it was read. Raises RolloutConflictError: it has been changed since, and stays as it is."""
    at = now()
    new = replace(rollout, **changes, reason=why[:1000], changed_at=at, revision=rollout.revision + 1)
    if new.step != rollout.step:
        new = replace(new, step_at=at)
    table = ledger.tables.rollouts
    is_same = (table.c.id == rollout.id) & (table.c.revision == rollout.revision)
    row = {**asdict(new), "live": True if new.is_live else None}
    with ledger.engine.begin() as connection:
        if connection.execute(sa.update(table).where(is_same).values(row)).rowcount != 1:
            message = "somebody else has changed the rollout meanwhile; look at `rollout status`, then try again"
            raise RolloutConflictError(message)
        _add_event(connection, ledger, new, rollout.title, why, who)
    return new


def read_current(ledger: Ledger) -> Rollout | None:
    """Return the rollout that is live, or None."""
    return _read_one(ledger, ledger.tables.rollouts.c.live.is_(True))


def read_latest(ledger: Ledger) -> Rollout | None:
    """Return the rollout that was begun last, live or not, or None."""
    return _read_one(ledger, sa.true())


def _entries(rollout: Rollout) -> dict[str, Mapping[str, Any]]:
    return {"champion": rollout.champion, "challenger": rollout.challenger}


def _read_one(ledger: Ledger, where: sa.ColumnElement[bool]) -> Rollout | None:
    table = ledger.tables.rollouts
    columns = [column for column in table.c if column.name != "live"]
    query = sa.select(*columns).where(where).order_by(table.c.id.desc()).limit(1)
    with ledger.engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else Rollout(**row)


def _add_event(
    connection: sa.Connection, ledger: Ledger, rollout: Rollout, old: str, why: str, who: str | None
) -> None:
    name = f"{rollout.challenger['name']}:{rollout.challenger['version']}"
    add_event(connection, ledger, kind="rollout", name=name, old=old, new=rollout.title, why=why, who=who)
