"""Linked data: the IRIs of the dataset and their documents."""
