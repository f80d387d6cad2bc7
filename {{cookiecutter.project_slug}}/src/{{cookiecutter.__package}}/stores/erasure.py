"""Delete decisions with everything that refers to them, and overwrite what is left of them in the files.

Kept windows of the monitor are counts over `drift.minimum_rows` decisions or more, which identify nobody; of their two
ids of decisions, what remains of a deleted one is its time, by which windows are in order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..core.errors import UserError
from .events import Kind, add_event
from .forgotten import Identifier, add_to_list
from .ledger import Ledger
from .outcomes import LOCK

CHUNK = 500  # values in a condition
SECONDS_TO_WAIT = 60  # for processes that read or write
DIGITS_OF_TIME = 16  # of the id of a decision
# the values of a list in JSON, as each database gives them
LISTED = {"sqlite": sa.func.json_each, "postgresql": sa.func.json_array_elements_text}


def find_references(ledger: Ledger, given: Identifier) -> list[str]:
    """Return the references of the decisions about a subject that no decision about another subject has.

    A case that two subjects share stays on record for the other one, with its outcome.
    """
    if given.kind == "reference":
        return [given.text]
    decisions, others = ledger.decisions.c, ledger.decisions.alias().c
    is_shared = sa.exists().where(others.reference == decisions.reference, others.subject.is_distinct_from(given.text))
    query = sa.select(decisions.reference).where(decisions.subject == given.text, decisions.reference.is_not(None))
    with ledger.engine.connect() as connection:
        _allow_long_queries(connection)
        return [*connection.scalars(query.where(~is_shared).distinct())]


def has_rows(ledger: Ledger, given: Identifier) -> bool:
    """Return whether a decision or an outcome is about a subject or has a reference."""
    columns = [ledger.decisions.c[given.kind]]
    columns += [ledger.tables.outcomes.c.reference] if given.kind == "reference" else []
    with ledger.engine.connect() as connection:
        _allow_long_queries(connection)
        found = (connection.scalar(sa.select(column).where(column == given.text).limit(1)) for column in columns)
        return any(each is not None for each in found)


def delete_subject(ledger: Ledger, given: Identifier) -> dict[str, int]:
    """Delete all rows about a subject or a reference, and add it to the list of the forgotten, in one transaction.

    Return how many rows of each table were deleted, which is recorded as an event. Requests that may be repeated go
    with their decisions: their keys are the caller's words, and their digests are of what was asked. A repeat of a
    list of rows is therefore decided anew.
    """
    decisions, outcomes = ledger.decisions.c, ledger.tables.outcomes
    references = find_references(ledger, given)
    # found before the transaction, so that the product waits for the deletion alone, and not for the search
    with ledger.engine.connect() as connection:
        _allow_long_queries(connection)
        ids = [*connection.scalars(sa.select(decisions.id).where(decisions[given.kind] == given.text))]
        keys = [key for chunk in split(ids, CHUNK) for key in connection.scalars(find_requests(ledger, chunk))]
    with ledger.engine.connect() as connection:
        begin(connection)
        counts = Counter(delete_decisions(connection, ledger, ids))
        counts["requests"] += delete_rows(connection, ledger.tables.requests.c.key, keys)
        counts["outcomes"] += delete_rows(connection, outcomes.c.reference, references)
        add_to_list(connection, ledger, [given, *(Identifier("reference", text) for text in references)])
        if any(counts.values()):
            event = describe_deletion("forget", "ledger", counts, f"a {given.kind} was forgotten")
            add_event(connection, ledger, **event)
        connection.commit()
    return dict(counts)


def find_mentions(ledger: Ledger, text: str) -> dict[str, int]:
    """Return for each column of text how many rows have a text somewhere, such as a note about another case."""
    counts = {}
    with ledger.engine.connect() as connection:
        _allow_long_queries(connection)
        for table in ledger.tables.metadata.sorted_tables:
            for column in table.c:
                if isinstance(column.type, sa.String | sa.JSON):
                    has_it = sa.cast(column, sa.Text).contains(text, autoescape=True)
                    query = sa.select(sa.func.count()).select_from(table).where(has_it)
                    if number := connection.scalar(query):
                        counts[f"{table.name}.{column.name}"] = number
    return counts


def record_deletion(ledger: Ledger, kind: Kind, store: str, counts: Mapping[str, int], why: str) -> None:
    """Record as an event how many rows of which tables of a store were deleted."""
    with ledger.engine.begin() as connection:
        add_event(connection, ledger, **describe_deletion(kind, store, counts, why))


def overwrite_deleted(ledger: Ledger, *, rewrite: bool) -> None:
    """Overwrite what deleted rows leave behind in the ledger's files.

    SQLite writes zeros over deleted rows, but copies of them may be left in pages that it split before, and in the
    write-ahead log: `rewrite` writes the file anew, while other processes wait. PostgreSQL reuses the space (VACUUM);
    its own log and its backups are out of reach.

    Raises UserError: other processes use the database all the time.
    """
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if ledger.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET statement_timeout = 0")
            for table in ledger.tables.metadata.sorted_tables:
                connection.exec_driver_sql(f"VACUUM {table.name}")
            connection.invalidate()  # its timeout is that of this command
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={SECONDS_TO_WAIT * 1000}")
        if rewrite:
            connection.exec_driver_sql("VACUUM")
        is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if is_busy:
            raise UserError("ledger: the rows are deleted, but others read it all the time; run the command again")


def describe_deletion(kind: Kind, store: str, counts: Mapping[str, int], why: str) -> dict[str, str | None]:
    """Return an event: how many rows of which tables of a store were deleted."""
    text = ", ".join(f"{number} {table}" for table, number in counts.items() if number)
    return {"kind": kind, "name": store, "old": text, "new": "", "why": why, "who": None}


def begin(connection: sa.Connection) -> None:
    """Begin a transaction in which only this process writes outcomes; deleted rows are overwritten."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    else:
        _allow_long_queries(connection)
    connection.exec_driver_sql(LOCK[connection.dialect.name])


def read_all(ledger: Ledger, query: sa.Select[Any]) -> Sequence[Any]:
    """Return the rows of a query, however long it takes."""
    with ledger.engine.connect() as connection:
        _allow_long_queries(connection)
        return connection.execute(query).all()


def delete_decisions(connection: sa.Connection, ledger: Ledger, ids: Sequence[str]) -> dict[str, int]:
    """Delete decisions after every row whose foreign key names them."""
    decisions, windows = ledger.decisions, ledger.tables.windows
    tables = ledger.tables.metadata.sorted_tables
    of_decisions = [column for table in tables for column in table.c if column.references(decisions.c.id)]
    for chunk in split(ids, CHUNK):  # a reaction that comes now waits, and then finds no decision
        connection.execute(sa.select(decisions.c.id).where(decisions.c.id.in_(chunk)).with_for_update())
        for column in (windows.c.first_decision, windows.c.last_decision):
            time_alone = sa.func.substr(column, 1, DIGITS_OF_TIME) + "0" * DIGITS_OF_TIME
            connection.execute(sa.update(windows).where(column.in_(chunk)).values({column.name: time_alone}))
    return {column.table.name: delete_rows(connection, column, ids) for column in [*of_decisions, decisions.c.id]}


def delete_rows(connection: sa.Connection, column: sa.Column[Any], values: Sequence[Any]) -> int:
    """Delete the rows in which a column has one of some values; return how many there were."""
    deletions = (sa.delete(column.table).where(column.in_(chunk)) for chunk in split(values, CHUNK))
    return sum(connection.execute(deletion).rowcount for deletion in deletions)


def split(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield values in parts of a size."""
    return (values[start : start + size] for start in range(0, len(values), size))


def find_requests(ledger: Ledger, ids: Sequence[str] | None) -> sa.Select[Any]:
    """Return a query of the keys of requests for some decisions or, without `ids`, for none that is on record."""
    requests, decisions = ledger.tables.requests.c, ledger.decisions.c
    listed = LISTED[ledger.engine.dialect.name](requests.decision_ids).table_valued("value")
    is_there = listed.c.value.in_(sa.select(decisions.id) if ids is None else ids)
    found = sa.exists(sa.select(sa.literal(1)).select_from(listed).where(is_there))
    return sa.select(requests.key).where(~found if ids is None else found)


def _allow_long_queries(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
