"""Who was forgotten: digests by which a row of a forgotten subject is recognised when it comes again.

A digest is keyed BLAKE2b (RFC 7693), a message authentication code, because identifiers are often short numbers: from
plain digests anybody could find them by trying all numbers. The random key is in the ledger, beside the digests,
because every process that builds a training table needs the same one. So whoever may read the ledger can ask whether
an identifier that they know was forgotten, as `data` does, or try all numbers; digests without their key show nothing,
and those of two ledgers cannot be compared.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from .ledger import Ledger, now

Kind = Literal["subject", "reference"]


class Identifier(NamedTuple):
    """What a caller calls a subject or a case. A subject and a case with the same text are two things."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Forgotten:
    """Digests of forgotten subjects and references, by kind and key."""

    digests: Mapping[Kind, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether anybody was forgotten."""
        return bool(self.digests)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when somebody is forgotten."""
        known = sorted((kind, key, sorted(found)) for kind, keys in self.digests.items() for key, found in keys.items())
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def has(self, kind: Kind, text: str | None) -> bool:
        """Return whether the subject or reference was forgotten."""
        return bool(text and self.select(kind, [text]))

    def select(self, kind: Kind, texts: Iterable[str]) -> list[str]:
        """Return those of some subjects or references that were forgotten; a million take about two seconds."""
        keyed = [(_keyed(key), known) for key, known in self.digests.get(kind, {}).items()]
        return [text for text in texts if any(_digest(empty, text) in known for empty, known in keyed)] if keyed else []

    def has_decision(self, decision: Mapping[str, Any]) -> bool:
        """Return whether the subject or the reference of a decision was forgotten."""
        return self.has("subject", decision.get("subject")) or self.has("reference", decision.get("reference"))


NOBODY = Forgotten()


def list_of(given: Iterable[Identifier]) -> Forgotten:
    """Return a list of some identifiers by which their rows are found before they are forgotten."""
    key, found = secrets.token_hex(32), defaultdict[Kind, set[str]](set)
    for kind, text in given:
        found[kind].add(_digest(_keyed(key), text))
    return Forgotten({kind: {key: frozenset(known)} for kind, known in found.items()})


def read_forgotten(ledger: Ledger) -> Forgotten:
    """Return everybody that was forgotten."""
    with ledger.engine.connect() as connection:
        return read_list(connection, ledger)


def read_list(connection: sa.Connection, ledger: Ledger) -> Forgotten:
    """Return the same, in a transaction."""
    forgotten = ledger.tables.forgotten.c
    found: dict[Any, Any] = defaultdict(lambda: defaultdict(set))
    for kind, key, known in connection.execute(sa.select(forgotten.kind, forgotten.key, forgotten.digest)):
        found[kind][key].add(known)
    return Forgotten({kind: {key: frozenset(known[key]) for key in known} for kind, known in found.items()})


def add_to_list(connection: sa.Connection, ledger: Ledger, given: Iterable[Identifier]) -> None:
    """Add identifiers that are not on the list, in the transaction that deletes their rows."""
    known = read_list(connection, ledger)
    keys = [key for of_kind in known.digests.values() for key in of_kind] or [secrets.token_hex(32)]
    rows = [
        {"digest": _digest(_keyed(keys[0]), each.text), "kind": each.kind, "key": keys[0], "forgotten_at": now()}
        for each in dict.fromkeys(given)
        if not known.has(*each)
    ]
    if rows:
        connection.execute(sa.insert(ledger.tables.forgotten), rows)


def _keyed(key: str) -> Any:
    """Return an empty hash with a key, which is copied for each text: that takes a fifth of the time of HMAC."""
    return hashlib.blake2b(key=bytes.fromhex(key), digest_size=32)


def _digest(empty: Any, text: str) -> str:
    filled = empty.copy()
    filled.update(text.encode())
    return str(filled.hexdigest())
