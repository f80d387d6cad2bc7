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
"""

from ..core.source import Source

SOURCE = Source()
