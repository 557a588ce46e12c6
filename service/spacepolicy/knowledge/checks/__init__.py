"""The gates that judge the files."""
