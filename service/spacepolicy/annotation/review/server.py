"""The server of a review: on loopback, for the holder of its one-time address, until it is
finished.

The address has a token that is accepted once and answered with a cookie; every request needs that
cookie, the Host that the server listens at and, for changes, the server's own Origin. Nothing is
shared with other origins.

Spec: https://www.rfc-editor.org/rfc/rfc6454 (Origin), https://www.rfc-editor.org/rfc/rfc6265
"""

import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, cast, final
from urllib.parse import parse_qs, urlsplit

from spacepolicy.annotation.review.pages import STYLE, WORDS, notice_page, review_page
from spacepolicy.annotation.review.session import DECISIONS, ReviewSession
from spacepolicy.errors import FindingsError, UsageError

_MOST_BYTES: Final = 1 << 20
"""A form with the numbers of all proposals of a long passage is far smaller."""
_MOST_PASSED_OVER: Final = 16 * _MOST_BYTES
"""More than anybody sends by mistake."""
_TIMEOUT_SECONDS: Final = 30
"""How long a connection may be silent: browsers keep some open and send nothing."""
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


@final
class ReviewServer(ThreadingHTTPServer):
    """Serves one review on a free port of 127.0.0.1, or on the port given."""

    daemon_threads = True

    def __init__(self, session: ReviewSession, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.session = session
        self.token = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)

    @property
    def origin(self) -> str:
        """The beginning of the addresses of its pages."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def address(self) -> str:
        """The address that opens the review, once."""
        return f"{self.origin}/?token={self.token}"

    def finish(self) -> None:
        """End the server, from a thread of its own: it waits for the request that asks for it."""
        Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    """Answers a request of the review."""

    timeout = _TIMEOUT_SECONDS
    server_version = "spacepolicy"
    sys_version = ""

    @property
    def _review(self) -> ReviewServer:
        return cast("ReviewServer", self.server)

    def do_GET(self) -> None:  # the name that http.server asks for
        """Answer with a page, the style, or the cookie for a token."""
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if self.headers.get("Host") != urlsplit(self._review.origin).netloc:
            self._notice(HTTPStatus.MISDIRECTED_REQUEST, "This host is not served here.")
        elif url.path == "/" and "token" in query:
            self._open(query["token"][0])
        elif not self._knows_cookie():
            self._notice(HTTPStatus.FORBIDDEN, "Open the address that the command printed.")
        elif url.path == "/":
            written = query.get("written", [""])[0]
            message = self._words["written"].format(path=written) if written else ""
            self._page(review_page(self._review.session, self._language, message))
        elif url.path == "/style.css":
            self._send(HTTPStatus.OK, STYLE, "text/css")
        else:
            self._notice(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_POST(self) -> None:  # the name that http.server asks for
        """Carry out what a form requests, and redirect to the page."""
        allowed = (
            self.headers.get("Host") == urlsplit(self._review.origin).netloc
            and self.headers.get("Origin") == self._review.origin
            and self._knows_cookie()
        )
        form = self._form()
        if not allowed:
            self._notice(HTTPStatus.FORBIDDEN, "Forms are taken from the pages of this review.")
        elif form is None:
            self._notice(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too large.")
        else:
            try:
                self._do(urlsplit(self.path).path, form)
            except (UsageError, FindingsError, ValueError) as error:
                page = notice_page(
                    self._language_of(form), self._words["wrong"], str(error), leads_back=True
                )
                self._page(page, HTTPStatus.BAD_REQUEST)

    def _do(self, path: str, form: dict[str, list[str]]) -> None:
        session, language = self._review.session, self._language_of(form)
        numbers = [int(each) for each in form.get("number", [])]
        match path:
            case "/decide":
                asked = form.get("decision", [""])[0]
                decision = next((each for each in DECISIONS if each == asked), None)
                if decision is None:
                    raise UsageError(f"{asked!r} is no decision.")
                session.decide(numbers, decision)
                self._lead(f"/?lang={language}#p-{numbers[0]}")
            case "/change":
                predicate, value = (form.get(each, [""])[0] for each in ("property", "object"))
                session.change(numbers[0] if numbers else -1, predicate, value)
                self._lead(f"/?lang={language}#p-{numbers[0]}")
            case "/write":
                path_written = session.write(with_undecided=form.get("undecided") == ["yes"])
                self._lead(f"/?lang={language}&written=data/{path_written.name}")
            case "/finish":
                self._page(notice_page(language, WORDS[language]["finished"]))
                self._review.finish()
            case _:
                self._notice(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _open(self, token: str) -> None:
        """Set the cookie for the token, once."""
        review = self._review
        if not review.token or not secrets.compare_digest(token.encode(), review.token.encode()):
            self._notice(HTTPStatus.FORBIDDEN, "This address was used, or is none of this review.")
            return
        review.token = ""
        cookie = f"review-{review.server_port}={review.cookie}; HttpOnly; SameSite=Strict; Path=/"
        self._lead("/", {"Set-Cookie": cookie})

    def _knows_cookie(self) -> bool:
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False
        found = cookies.get(f"review-{self._review.server_port}")
        held = found.value.encode() if found else b""
        return secrets.compare_digest(held, self._review.cookie.encode())

    def _form(self) -> dict[str, list[str]] | None:
        """The fields of the form; None where it is too large or has no length."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._pass_over(int(length) if length.isascii() and length.isdigit() else 0)
            return None
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        return parse_qs(body, keep_blank_values=True)

    def _pass_over(self, length: int) -> None:
        """Read a refused body, up to a limit: a client that is still sending does not read an
        answer."""
        left = min(length, _MOST_PASSED_OVER)
        while left > 0 and (read := self.rfile.read(min(left, _MOST_BYTES))):
            left -= len(read)

    @property
    def _language(self) -> str:
        asked = parse_qs(urlsplit(self.path).query).get("lang", [""])[0]
        if asked in WORDS:
            return asked
        preferred = self.headers.get("Accept-Language", "").strip().lower()
        return "zh" if preferred.startswith("zh") else "en"

    def _language_of(self, form: dict[str, list[str]]) -> str:
        asked = form.get("lang", [""])[0]
        return asked if asked in WORDS else self._language

    @property
    def _words(self) -> dict[str, str]:
        return dict(WORDS[self._language])

    def _notice(self, status: HTTPStatus, heading: str) -> None:
        self._page(notice_page("en", heading), status)

    def _page(self, page: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, page.encode(), "text/html")

    def _lead(self, location: str, fields: dict[str, str] | None = None) -> None:
        self._send(
            HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": location, **(fields or {})}
        )

    def _send(
        self, status: HTTPStatus, body: bytes, kind: str, fields: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            **(fields or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing: the terminal is the person's."""
