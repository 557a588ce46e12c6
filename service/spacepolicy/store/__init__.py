"""Numbered revisions of the dataset: the store they stand in, their history, how to write one."""
