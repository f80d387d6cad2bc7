"""Engines of the lake beside DuckDB: what Ibis leaves open of Spark and PostgreSQL.

>>> connect("pyspark:///var/lake")  # Spark on this machine; its tables and their catalogue are in that folder
>>> connect("postgres://user@host/database")
"""

import io
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds

from ..core.errors import UserError

POSTGRES, SPARK = "postgres", "pyspark"  # names of Ibis
NO_TEXT = "\ufffd"  # in place of the NUL characters of texts, which PostgreSQL cannot keep
PARTITIONS = "8"  # of a shuffle on one machine: Spark's 200 take longer than the work


def connect(url: str) -> Any:
    """Connect to an engine by its URL. Raises UserError: PySpark is not installed."""
    parts = urlsplit(url)
    folder = unquote(parts.path).rstrip("/")
    if parts.scheme != SPARK or not folder:  # without a folder, Spark is where its own settings say
        return ibis.connect(url)
    if not find_spec("pyspark"):
        next_step = "run `uv add 'ibis-framework[pyspark]'`, and install Java 17 or 21"
        raise UserError(f"lake pyspark: PySpark is not installed; {next_step}")
    from pyspark.sql import SparkSession  # noqa: PLC0415  # only there where it is used

    catalogue = f"jdbc:derby:;databaseName={folder}/catalogue;create=true"
    settings = {
        "spark.driver.extraJavaOptions": f'"-Dderby.system.home={folder}"',
        "spark.hadoop.javax.jdo.option.ConnectionURL": catalogue,
        "spark.sql.catalogImplementation": "hive",  # else tables are forgotten with the process
        "spark.sql.shuffle.partitions": PARTITIONS,
        "spark.sql.warehouse.dir": folder,
        "spark.ui.enabled": "false",
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    # Ibis would set them in a session that runs, which Spark refuses
    return ibis.pyspark.connect(SparkSession.builder.config(map=settings).getOrCreate())


def connect_duckdb(folder: Path, memory: str) -> Any:
    """Start DuckDB in this process; what does not fit into its memory is in a folder for as long as it runs."""
    return ibis.duckdb.connect(memory_limit=memory, temp_directory=str(folder / "duckdb"))


def stage(backend: Any, name: str, table: ir.Table) -> ir.Table:
    """Compute a table now, under a name that is gone with the connection."""
    if backend.name != SPARK:
        return backend.create_table(name, table, temp=True)
    backend.create_view(name, table)  # which Spark computes at every use
    backend.raw_sql(f"TABLE {name}").localCheckpoint().createOrReplaceTempView(name)
    return backend.table(name)


def load(backend: Any, name: str, rows: pa.Table) -> ir.Table:
    """Give rows to the engine, under a name that is gone with the connection."""
    if backend.name == POSTGRES:
        return _copy_rows(backend, name, rows.schema, rows.to_batches())
    if backend.name != SPARK:
        return ibis.memtable(rows)
    from pyspark.sql import SparkSession  # noqa: PLC0415  # only there where it is used

    # a memtable of Ibis 12 has the text "NaN" in place of missing texts
    SparkSession.getActiveSession().createDataFrame(rows).createOrReplaceTempView(name)
    return backend.table(name)


def read_parquet(backend: Any, name: str, folder: Path) -> ir.Table:
    """Return the rows of all Parquet files in a folder. PostgreSQL takes them into a table `name`, chunk by chunk.

    Raises UserError: the engine cannot read Parquet files.
    """
    if backend.name == POSTGRES:
        rows = ds.dataset(folder)
        return _copy_rows(backend, name, rows.schema, rows.to_batches())
    try:
        return backend.read_parquet(str(folder / "*.parquet" if backend.name == "duckdb" else folder))
    except NotImplementedError:
        fault = f"{backend.name} cannot read Parquet files, in which `data` keeps the rows of sources"
        raise UserError(f"lake: {fault}; set APP_LAKE_URL to DuckDB, PostgreSQL or Spark") from None


def md5(text: ir.StringValue) -> ir.StringValue:
    """Return the MD5 of texts, 32 hex digits."""
    return _postgres_md5(text) if text.get_backend().name == POSTGRES else text.hexdigest("md5")


def hex_digit(digest: ir.StringValue, place: int) -> ir.IntegerValue:
    """Return a digit of a digest as a number of 64 bits, of which PostgreSQL and Spark return 32 otherwise."""
    found = ibis.literal("0123456789abcdef").find(digest.substr(place, 1))
    return found.cast("int32").cast("int64")  # Ibis takes them for 64, and would leave out a single cast


def strip(text: ir.StringValue) -> ir.StringValue:
    """Return texts without the spaces around them; of Ibis 12, Spark takes every v and f there for a space."""
    return text.re_replace(r"^\s+|\s+$", "") if text.get_backend().name == SPARK else text.strip()


def has_nul(text: ir.StringValue) -> ir.BooleanValue:
    """Return whether texts have a NUL character, which PostgreSQL does not even take to look for."""
    return text.isnull() & ibis.literal(value=False) if text.get_backend().name == POSTGRES else text.contains("\x00")


def replace_tables(backend: Any, made: dict[str, str]) -> None:
    """Put tables in the place of others: of PostgreSQL all or none, else one after the other.

    `made`: the present name of each one, by its name to be.
    """
    if backend.name == POSTGRES:
        with backend.begin() as cursor:
            for name, present in made.items():
                cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
                cursor.execute(f'ALTER TABLE "{present}" RENAME TO "{name}"')
        return
    for name, present in made.items():
        backend.create_table(name, backend.table(present), overwrite=True)


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator]
def _postgres_md5(text: str) -> str:  # type: ignore[empty-body]
    """Call PostgreSQL's own function, which Ibis does not know."""


def _copy_rows(backend: Any, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> ir.Table:
    """Write rows into a temporary table of PostgreSQL, by its COPY: a hundred times as fast as INSERT."""
    created = backend.create_table(name, schema=ibis.Schema.from_pyarrow(schema), temp=True)
    with backend.begin() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as copy:
        for batch in batches:
            text = io.BytesIO()
            columns = [
                pc.replace_substring(column, "\x00", NO_TEXT) if pa.types.is_string(column.type) else column
                for column in batch.columns
            ]
            rows = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
            pyarrow.csv.write_csv(rows, text, pyarrow.csv.WriteOptions(include_header=False))
            copy.write(text.getbuffer())
    return created
