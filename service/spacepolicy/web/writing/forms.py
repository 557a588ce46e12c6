"""Files in a multipart form, each written to disk as it arrives.

Spec: https://www.rfc-editor.org/rfc/rfc7578 (multipart/form-data)
"""

from pathlib import Path
from typing import BinaryIO, Final, final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from spacepolicy.errors import BadParameterError

_MAX_FILES: Final = 100
"""The most files of one form; each holds a descriptor until the write is done."""
_TYPE: Final = b"content-type"
_DISPOSITION: Final = b"content-disposition"


@final
class FormFiles:
    """The files of one form, which may have no other fields; has to be closed.

    Raises: BadParameterError where the form's Content-Type names no boundary.
    """

    def __init__(self, content_type: str, folder: Path) -> None:
        self._folder = folder
        self._fields: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._file: BinaryIO | None = None
        self._found: list[tuple[Path, tuple[str, str]]] = []
        self._ended = False
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise BadParameterError("The form's Content-Type names no boundary.")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._take_field,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._write,
                    "on_part_end": self.close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadParameterError(f"The form cannot be read: {error}.") from error

    def feed(self, piece: bytes) -> None:
        """Parse the next bytes of the form.

        Raises: BadParameterError where they are malformed, OSError where they cannot be stored.
        """
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise BadParameterError(f"The form cannot be read: {error}.") from error

    def whole(self) -> list[tuple[Path, tuple[str, str]]]:
        """Return the files of a complete form, each with its media type and its file name at the
        client, empty where they are not given.

        Raises: BadParameterError where the form is incomplete, or has no file.
        """
        if not self._ended:
            raise BadParameterError("The form breaks off before its last boundary.")
        if not self._found:
            raise BadParameterError("The form brings no file.")
        return self._found

    def close(self) -> None:
        """Close the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._fields, self._field, self._value = {}, b"", b""

    def _take_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._fields[self._field.lower()] = self._value
        self._field = self._value = b""

    def _open(self) -> None:
        options = parse_options_header(self._fields.get(_DISPOSITION, b""))[1]
        name, type_ = options.get(b"filename"), self._fields.get(_TYPE, b"")
        if name is None and not type_:
            field = options.get(b"name", b"").decode("utf-8", "replace")
            raise BadParameterError(f"The form holds the field {field!r}; only files are read.")
        if len(self._found) >= _MAX_FILES:
            raise BadParameterError(f"The form brings more than {_MAX_FILES} files.")
        path = self._folder / str(len(self._found))
        named = type_.decode("latin-1"), (name or b"").decode("utf-8", "replace")
        self._found.append((path, named))
        self._file = path.open("wb")

    def _write(self, data: bytes, start: int, end: int) -> None:
        assert self._file is not None  # noqa: S101 # data come after the head of their part
        self._file.write(data[start:end])

    def _end(self) -> None:
        self._ended = True
