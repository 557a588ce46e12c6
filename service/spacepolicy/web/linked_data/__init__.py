"""Every IRI of the dataset and its documents."""
