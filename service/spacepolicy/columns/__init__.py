"""Solutions as columns: Arrow, Parquet, NDJSON and CSVW, made of the engine's TSV by pyarrow."""
