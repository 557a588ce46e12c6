"""A revision as a folder of Parquet: statements by property, instances by class, a catalogue."""
