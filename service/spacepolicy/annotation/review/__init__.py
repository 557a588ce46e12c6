"""A page of proposals, which one person confirms, changes or refuses, on loopback."""
