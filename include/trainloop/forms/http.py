"""What every request passes through: security headers, a size limit on bodies, and counted tries.

Counting is per process and in memory: a restart forgives, which costs an attacker nothing he could use (a link has 122
random bits) and a person nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Fields = Mapping[str, list[str]]
# Thirty Chinese texts of 2,000 letters, percent-encoded, stay below it.
MAX_BODY_BYTES = 1_000_000
MAX_FIELDS = 1_000
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
# One person fills one form: what comes faster is a program. Unknown links: a whole office may share one address, and
# guessing 122 bits thirty times a minute leads nowhere.
PER_LINK = RateLimitItemPerMinute(60)
UNKNOWN_PER_ADDRESS = RateLimitItemPerMinute(30)


class BodyTooLargeError(Exception):
    """More was sent than a form can hold."""


class SafeHeaders:
    """Adds the security headers to every response, errors of the framework included; only styles may be cached."""

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self.app = app
        self.headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_safely)


class Tries:
    """Counts requests per link and misses per address."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def may_open(self, link: bytes) -> bool:
        """Count one request for a link; False when there were too many in the last minute."""
        return self._limiter.hit(PER_LINK, link.hex())

    def may_guess(self, address: str) -> bool:
        """Whether an address has not asked for too many unknown links in the last minute."""
        return self._limiter.test(UNKNOWN_PER_ADDRESS, address)

    def note_unknown(self, address: str) -> None:
        """Count one unknown link."""
        self._limiter.hit(UNKNOWN_PER_ADDRESS, address)

    @staticmethod
    def seconds(item: RateLimitItem = PER_LINK) -> int:
        """Return after how many seconds a client should come back."""
        return int(item.get_expiry())


def client_of(request: Request) -> str:
    """Return the client's address (behind a trusted proxy, the one the proxy names)."""
    return request.client.host if request.client else ""


async def read_fields(request: Request) -> Fields:
    """Return the fields of an urlencoded body; raise BodyTooLargeError before more than the limit is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLargeError
    try:
        return parse_qs(
            body.decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace"
        )
    except ValueError as error:
        raise BodyTooLargeError from error


def first(fields: Fields, name: str) -> str:
    """Return the first value of a field, empty when it is not there."""
    values = fields.get(name)
    return values[0] if values else ""
