"""DuckDB over Parquet and CSV: which kinds of task there are, and how many words they quote.

DuckDB reads addresses itself where its extension httpfs is installed:
FROM read_parquet('http://127.0.0.1:8000/queries/tasks?format=parquet').
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlretrieve

import duckdb

SERVICE = os.environ.get("SPACEPOLICY_URL", "http://127.0.0.1:8000").rstrip("/")

with TemporaryDirectory() as folder:
    tasks, themes = Path(folder, "tasks.parquet"), Path(folder, "technologies.csv")
    urlretrieve(f"{SERVICE}/queries/tasks?format=parquet", tasks)
    urlretrieve(f"{SERVICE}/queries/tasks-by-technology?format=csv", themes)
    print(duckdb.sql(f"DESCRIBE FROM '{tasks}'"))
    print(
        duckdb.sql(
            f"SELECT t.ordinal, t.task_name, count(*) AS statements "
            f"FROM '{tasks}' t JOIN '{themes}' k USING (ordinal) "
            f"GROUP BY ALL ORDER BY ALL"
        )
    )
