"""Reads the text of a PDF with pypdf, which the extra `documents` installs."""

from pathlib import Path

from spacepolicy.errors import UsageError

try:
    import pypdf
except ImportError:
    pypdf = None  # type: ignore[assignment]  # the extra is not installed


def pdf_text(path: Path) -> str:
    """The text of the pages, an empty line between them.

    Raises: UsageError where it cannot be read, or the library is not installed.
    """
    if pypdf is None:
        needed = "reading a PDF needs pypdf: `.venv/bin/pip install -e '.[documents]'`"
        raise UsageError(f"{path}: {needed}, or give the text.")
    try:
        pages = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no PDF that pypdf reads: {error}.") from error
    return "\n\n".join(page.strip() for page in pages)
