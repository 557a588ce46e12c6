"""The questions of this folder, asked of tables that `spacepolicy export --format parquet` wrote.

    python run.py TABLES [NAME…] [--engine duckdb|spark]

Each table is a view of its name: `statements`, and a class a view. The view `evidence` has a row
for each statement and each passage that says it.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

QUESTIONS = sorted(Path(__file__).parent.glob("*.sql"))
EVIDENCE = """
SELECT {unnest}(evidence) AS passage, subject, property, predicate, object, value FROM statements
"""
Ask = Callable[[str], list[tuple[object, ...]]]


def views(tables: Path) -> dict[str, str]:
    """The folder or file of each table, by its name."""
    package = json.loads((tables / "datapackage.json").read_text(encoding="utf-8"))
    return {
        table["name"]: str(tables / (table["name"] if "partitionedBy" in table else table["path"]))
        for table in package["resources"]
    }


def duckdb_tables(tables: Path) -> Ask:
    """The tables in DuckDB."""
    import duckdb  # noqa: PLC0415 # the engine that is asked

    database = duckdb.connect()
    for name, path in views(tables).items():
        files = path if path.endswith(".parquet") else f"{path}/*/*.parquet"
        options = "hive_partitioning = true, hive_types_autocast = false"
        database.sql(f"CREATE VIEW \"{name}\" AS FROM read_parquet('{files}', {options})")
    database.sql(f"CREATE VIEW evidence AS {EVIDENCE.format(unnest='unnest')}")
    return lambda sql: database.sql(sql).fetchall()


def spark_tables(tables: Path) -> Ask:
    """The tables in Spark, on this machine."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 # the engine that is asked

    settings = {
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.sql.shuffle.partitions": "2",  # small tables on one machine
        "spark.sql.files.openCostInBytes": "0",  # many small files a task
        "spark.ui.enabled": "false",
    }
    spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    for name, path in views(tables).items():
        spark.read.parquet(path).createOrReplaceTempView(f"`{name}`")
    spark.sql(EVIDENCE.format(unnest="explode")).createOrReplaceTempView("evidence")
    return lambda sql: [tuple(row) for row in spark.sql(sql).collect()]


def main() -> None:
    """Print the rows of each question, and the seconds that it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tables", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--engine", choices=["duckdb", "spark"], default="duckdb")
    given = parser.parse_args()
    ask = (spark_tables if given.engine == "spark" else duckdb_tables)(given.tables)
    for question in QUESTIONS:
        if given.names and not any(name in question.stem for name in given.names):
            continue
        started = time.perf_counter()
        rows = ask(question.read_text(encoding="utf-8"))
        print(f"{question.stem}: {len(rows)} rows in {time.perf_counter() - started:.2f} s")
        if given.names:
            print(*rows, sep="\n")


if __name__ == "__main__":
    main()
