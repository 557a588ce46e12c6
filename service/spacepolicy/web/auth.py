"""Authentication and authorization by the bearer token of a request.

Reads are open unless the operator requires a token for them; an invalid token is refused even where
reads are open, so that a revoked one is noticed. No response contains a token or depends on which
one it was, and no cache key contains it.

Spec: https://www.rfc-editor.org/rfc/rfc6750
"""

from typing import Final

from starlette.types import Scope

from spacepolicy.access_tokens import AccessScope, AccessToken
from spacepolicy.errors import ForbiddenError, StorageError, StoreError, UnauthorizedError
from spacepolicy.web.request_context import context_of
from spacepolicy.web.routes import RouteRules
from spacepolicy.web.service import Service

VARIES: Final = {"Vary": "Accept, Authorization"}
_CHALLENGE: Final = 'Bearer realm="spacepolicy"'


def read_token(service: Service, rules: RouteRules, scope: Scope) -> None:
    """Store the request's token in its context, and check that the request may read.

    Raises: UnauthorizedError, ForbiddenError.
    """
    if rules.is_open(scope):
        return
    secret = bearer(scope)
    if secret is not None and service.tokens is not None:
        context_of(scope).token = _known(service, secret)
    if service.require_token:
        require(scope, "read")


def require(scope: Scope, needed: AccessScope) -> AccessToken:
    """Return the request's token, checked for the needed scope.

    Raises: UnauthorizedError where there is none, ForbiddenError where it lacks the scope.
    """
    token = token_of(scope)
    if token is None:
        raise UnauthorizedError(
            f"The request needs a token with the scope {needed}.",
            headers={"WWW-Authenticate": _CHALLENGE, **VARIES},
        )
    if not token.allows(needed):
        raise ForbiddenError(
            f"The token has the scope {token.scope}; the request needs {needed}.",
            extras={"scope": token.scope, "needed": needed},
            headers={
                "WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"',
                **VARIES,
            },
        )
    return token


def token_of(scope: Scope) -> AccessToken | None:
    """Return the request's token, whatever its scope; None where there is none."""
    return context_of(scope).token


def _known(service: Service, secret: str) -> AccessToken:
    """Raises: UnauthorizedError where the token is unknown or revoked."""
    assert service.tokens is not None  # noqa: S101 # the caller has seen to that
    try:
        token = service.tokens.find(secret)
    except StoreError as error:
        raise StorageError("The service's access tokens cannot be read.") from error
    if token is None:
        raise _invalid("The token is none that is known here, or was revoked.")
    return token


def bearer(scope: Scope) -> str | None:
    """Return the request's bearer token; None for no Authorization or another scheme.

    Raises: UnauthorizedError where there are several Authorization fields.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) > 1:
        raise _invalid("The request has more than one Authorization field.")
    scheme, _, secret = given[0].decode("latin-1").partition(" ") if given else ("", "", "")
    return secret.strip() if scheme.lower() == "bearer" else None


def _invalid(detail: str) -> UnauthorizedError:
    return UnauthorizedError(
        detail,
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"', **VARIES},
    )
