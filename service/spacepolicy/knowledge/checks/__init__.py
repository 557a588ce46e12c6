"""The gates that check the files."""
