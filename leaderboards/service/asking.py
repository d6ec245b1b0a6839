"""Who asks, and whether there is room for one more request: what routes depend on."""

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.service import tokens
from avatarium.leaderboards.service.hall import Hall, hall
from avatarium.leaderboards.service.limits import Verdict
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.tokens import Bearer

MINUTE, HOUR = 60.0, 3600.0
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all of its network."""
SCHEME = HTTPBearer(auto_error=False, description="A token of an account, as `avatarium account token` prints it once.")
UNKNOWN = "this token is unknown, expired or revoked: ask whoever runs this leaderboard for another"

Here = Annotated[Hall, Depends(hall)]


def address(request: Request) -> str:
    """Whose requests count together: an IPv4 address, an IPv6 network."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(found if found.version == 4 else ipaddress.ip_network((found, NETWORK_BITS), strict=False))


def admitted(request: Request, here: Here) -> Bearer | None:
    """The bearer of the request's token, if it has one. Raises ProblemError: 401 for a bad token, 429 where a limit is reached."""
    who, (scheme, token) = None, get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() == "bearer":
        with here.database.reading() as session:
            who = tokens.bearer(session, token, now(session))
    if who is None:
        verdict = here.limits.take(f"address:{address(request)}", here.settings.limits.requests, MINUTE)
    else:
        request.state.account = who.name
        tokens.used(here.database, who, time.time())
        verdict = here.limits.take(f"token:{who.token}", here.settings.limits.token_requests, MINUTE)
    within(verdict, "requests in a minute")
    if scheme and who is None:
        raise ProblemError(401, UNKNOWN, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return who


Asker = Annotated[Bearer | None, Depends(admitted)]


def within(verdict: Verdict, what: str) -> None:
    """Raise ProblemError 429, saying when there is room again, unless a request is within its limit."""
    if not verdict.allowed:
        wait = math.ceil(verdict.wait_s)
        headers = {"Retry-After": str(wait), "RateLimit-Limit": str(verdict.limit), "RateLimit-Remaining": "0"}
        raise ProblemError(429, f"these were more than {verdict.limit} {what}: wait {wait} s", headers)


def may(scope: str) -> Callable[[Bearer | None, object], Bearer]:
    """A dependency: the bearer, who has that scope. Raises ProblemError 401 without a token, 403 without the scope."""

    def checked(who: Asker, _: Annotated[object, Security(SCHEME)]) -> Bearer:
        if who is None:
            raise ProblemError(401, f"this needs a token with the scope {scope!r}, in the header Authorization: Bearer …", _CHALLENGE)
        if scope not in who.scopes:
            raise ProblemError(403, f"this token may {', '.join(sorted(who.scopes)) or 'nothing'}, but not {scope}")
        return who

    return checked


_CHALLENGE = {"WWW-Authenticate": "Bearer"}

Reader = Annotated[Bearer, Depends(may(tokens.READ))]
Submitter = Annotated[Bearer, Depends(may(tokens.SUBMIT))]
Admin = Annotated[Bearer, Depends(may(tokens.ADMIN))]
