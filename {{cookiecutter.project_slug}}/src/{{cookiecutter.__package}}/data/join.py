"""Join: columns that come from other tables, as they were known when a row was decided on.

Recorded decisions are not joined: they have the values with which the product was asked.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from ..core.checks import checks
from ..core.errors import UserError
from ..core.join import AnyJoin, Join, Window
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.columns import TYPES
from ..stores.engines import strip
from ..stores.lake import KEY, ORIGIN, ROW, SOURCE, SUBJECT, Lake
from ..stores.moments import DAY
from .collect import MOMENT, REASON
from .labels import FILE
from .other_tables import KNOWN, ON, VALUE, OtherTable, value_columns
from .validate import CHECKS

SAME_ON, SAME_MOMENT = "_same_on", "_same_moment"
FOUND = "_found"  # with a number: a column of the contract before it takes its place
NEVER = -1  # the moment of rows without one: only joins without times find something for them


def join_tables(lake: Lake, rows: ir.Table, tables: Sequence[OtherTable], problem: Problem) -> ir.Table:
    """Return collected rows with the columns of other tables, each value as of the moment of its row.

    Values that the contract does not allow are the reason why a row cannot be used, as those of the sources are.

    Raises UserError: a table without times has several rows with one key.
    """
    for table in tables:
        other = lake.stage(lake.read_parquet(table.folder))
        if isinstance(table.join, Join) and not table.join.source.time:
            _check_keys(table, other)
        on = rows[{"subject": SUBJECT, "key": KEY}.get(table.join.on, table.join.on)].cast("string")
        rows = rows.mutate(**{ON: strip(on), MOMENT: rows[MOMENT].fill_null(NEVER)})
        cases = rows.filter(rows[ON].notnull() & (rows[ORIGIN] == FILE)).select(ON, MOMENT).distinct()
        found = lake.stage(_find(table.join, cases, other, problem).rename({SAME_ON: ON, SAME_MOMENT: MOMENT}))
        rows = rows.left_join(found, [rows[ON] == found[SAME_ON], rows[MOMENT] == found[SAME_MOMENT]])
        rows = lake.stage(_take_values(rows, table.join, problem))
    return rows.drop(MOMENT) if tables else rows


def _check_keys(table: OtherTable, other: ir.Table) -> None:
    keyed = other.filter(other[ON].notnull())
    counted = keyed.group_by(ON).aggregate(rows=keyed.count())
    repeated = counted.filter(counted["rows"] > 1).order_by(ON).limit(1).to_pyarrow().to_pylist()
    for row in repeated:
        fault = f"{table.join.source.key} {row[ON]!r} is there {row['rows']} times"
        next_step = "give `time` of its source, or declare a Window"
        raise UserError(f"{table.deliveries[0].name}: {fault}; {next_step}")


def _find(join: AnyJoin, cases: ir.Table, other: ir.Table, problem: Problem) -> ir.Table:
    """Return what another table says of each case: one row for each that is found, by ON and MOMENT."""
    places = {column.name: f"{VALUE}{place}" for place, column in enumerate(value_columns(join, problem))}
    is_known = [cases[ON] == other[ON]]
    if join.source.time:  # strictly before: what has the moment of the decision may be its consequence
        is_known.append(other[KNOWN] < cases[MOMENT])
    if isinstance(join, Window):
        is_known.append(other[KNOWN] >= cases[MOMENT] - round(join.days * DAY))
    known = cases.join(other, is_known, rname="_of_{name}")
    if isinstance(join, Window):
        measured = [_measure(known, how, places.get(of, "")) for how, of in join.columns.values()]
        return known.group_by(ON, MOMENT).aggregate(**{f"{FOUND}{place}": each for place, each in enumerate(measured)})
    order = [ibis.desc(known[name]) for name in (KNOWN, SOURCE, ROW)]
    latest = known.mutate(_place=ibis.row_number().over(group_by=[ON, MOMENT], order_by=order))
    latest = latest.filter(latest["_place"] == 0)
    values = {f"{FOUND}{place}": latest[places[name]] for place, name in enumerate(join.columns)}
    return latest.select(ON, MOMENT, **values)


def _measure(known: ir.Table, how: str, name: str) -> ir.Value:
    return known.count() if how == "count" else getattr(known[name], how)()


def _take_values(rows: ir.Table, join: AnyJoin, problem: Problem) -> ir.Table:
    """Return rows of sources with the values that were found, and the reasons why some cannot be used."""
    named = {column.name: column for column in problem.stored}
    is_joined, values, reasons = rows[ORIGIN] == FILE, {}, []
    for place, name in enumerate(join.names):
        value = rows[f"{FOUND}{place}"].cast(ibis.dtype(TYPES[named[name].kind]))
        if isinstance(join, Window) and join.columns[name][0] in {"count", "sum"}:
            value = ibis.ifelse(rows[ON].notnull(), value.fill_null(0), value)  # nothing happened
        values[name] = ibis.ifelse(is_joined, value, rows[name])
        reasons.append(_explain(value, named[name]))
    reason = ibis.coalesce(rows[REASON], ibis.array(reasons).join("; ").nullif(""))
    values[REASON] = ibis.ifelse(is_joined, reason, rows[REASON])
    dropped = [ON, SAME_ON, SAME_MOMENT, *(f"{FOUND}{place}" for place in range(len(join.names)))]
    # by position: a column may be called as an argument of Ibis is
    return rows.mutate(*(value.name(name) for name, value in values.items())).drop(*dropped)


def _explain(value: ir.Value, column: Column) -> ir.StringValue:
    """Return why a value cannot be used, or null."""
    says = ibis.literal(f"{column.name} is ").concat(value.cast("string"), f", expected {column.expected}")
    faults = [(~CHECKS[check](value, limit), says) for check, limit in checks(column).items()]
    faults += [] if column.optional else [(value.isnull(), ibis.literal(f"{column.name} is empty"))]
    return ibis.cases(*faults, else_=ibis.null("string")) if faults else ibis.null("string")
