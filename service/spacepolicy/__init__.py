"""Linked data about policy: checked files in git become numbered revisions, served as SPARQL."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: that takes a tenth of a second, which the
    processes of a service do without."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 # as above

    try:
        found = version("spacepolicy")
    except PackageNotFoundError:  # while it is being built, nothing is installed
        found = "0"
    globals()[name] = found
    return found
