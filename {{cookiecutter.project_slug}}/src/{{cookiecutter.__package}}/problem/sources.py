"""How the tables of this product are read: from which columns, in which dialect, with which spellings.

`data` and `score` read every table by it. Nothing has to be declared of a CSV file in UTF-8 with commas and the
contract's names, nor of Parquet, JSON or Excel with these names. All that can be said is in `core/source.py`:

    SOURCE = Source(
        delimiter=";",
        decimal=",",
        missing=("?", "-999"),
        columns={
            "income": SourceColumn(name="Monthly income", unit="€"),
            "insured": SourceColumn(name="Insured?", values={"Y": "yes", "N": "no"}),
            "age_of_account": SourceColumn(name="Opened on", date="%d.%m.%Y", part="year"),
        },
        ignored=("Remarks",),
    )

The table itself is `data.source` in plan.toml: a file, a folder, a pattern as `data/*.csv`, or the URL of a database.
`SOURCES` has those beside it. Of the rows with one key, that of the last source and, in it, of the last file in the
order of names replaces the others. Of a table with a `cursor`, later values replace earlier ones, and each run of
`data` reads only the rows that are new or have changed:

    SOURCES = (
        Source(place="data/branches/", delimiter=";"),
        Source(place="postgresql://reader:${PASSWORD}@warehouse/sales", table="cases", cursor="changed_at"),
    )

`JOINS` has tables from which further columns of the contract come, by the column `key` of their source, which is
compared with the subject of a row. A feature must not know what came after the decision: of a table with a `time`, only
rows from before the `time` of SOURCE are used, the latest for a Join, and those of so many days for a Window. A table
without a `time` is used as it is now, so that only what does not change should be joined from it:

    SOURCE = Source(subject="customer", time="applied_at")
    JOINS = (
        Join(source=Source(place="data/accounts.csv", key="customer", time="valid_from"), columns=("limit",)),
        Window(
            source=Source(place="data/payments/", key="customer", time="paid_at"),
            days=90,
            columns={"payments": ("count", ""), "paid": ("sum", "amount")},
        ),
    )

Whoever asks the running product sends these columns with the others: it looks up nothing, and records what it was sent.
"""

from ..core.join import Join, Window
from ..core.source import Source

SOURCE = Source()
SOURCES: tuple[Source, ...] = ()
JOINS: tuple[Join | Window, ...] = ()
