"""Where bearer tokens come from, and how a session keeps a valid one.

A token is renewed in the background before it ends. In the *advisory* window nobody waits for that: calls go on with
the old token, and a failure is only logged. In the *mandatory* window, close to the end, calls wait for the new one,
and get the source's error once the old token is spent. However many calls need a new token, one fetch serves them.

The end of a token is a moment of the wall clock, which may jump. How long it is to live is therefore also measured by
the loop's clock from the moment it came, and it is spent when either clock says so.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, Protocol

from attrs import evolve, field, frozen
from attrs.validators import instance_of, optional

from agora_chat_async._access_token import MAX_LIFETIME, make_token
from agora_chat_async._redact import without_frames
from agora_chat_async.errors import AgoraChatError, InvalidArgument, TokenError

log = logging.getLogger("agora_chat_async.token")

ADVISORY: Final = 900.0
"""Seconds before its end at which a token is renewed in the background, at most a quarter of its life."""
MANDATORY: Final = 60.0
"""Seconds before its end at which calls wait for a new one, at most a twentieth of its life."""

_LONGEST_GOODBYE: Final = 1.0
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_LONGEST_SLEEP: Final = 60.0  # the wall clock may jump while the background task sleeps


@frozen
class Token:
    """A bearer token."""

    value: str = field(repr=False)
    expires_at: float | None = field(default=None, validator=optional(instance_of((int, float))))
    """Seconds since 1970; None where it has no known end."""
    issued_at: float | None = field(default=None, validator=optional(instance_of((int, float))))
    """Seconds since 1970; the moment at which it was fetched by default."""


Exchange = Callable[[str], Awaitable[Token]]
"""Trades an AccessToken2 for a token of the REST platform at `POST /token`."""


class TokenSource(Protocol):
    """Anything that can give a session its tokens."""

    async def fetch(self, exchange: Exchange, /) -> Token:
        """Return a new token."""
        ...


@frozen
class AppToken:
    """Makes app tokens on this machine from the app's id and certificate; nothing is asked of a server."""

    app_id: str
    """32 hexadecimal characters, from the console."""
    certificate: str = field(repr=False)
    """32 hexadecimal characters, from the console; it is never sent."""
    lifetime: int = field(default=MAX_LIFETIME, kw_only=True)
    """Seconds that each token lives, at most 86,400."""

    def __attrs_post_init__(self) -> None:
        self.make()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an AppToken holds the app's certificate and is not pickled; make one where it is needed")

    async def fetch(self, exchange: Exchange, /) -> Token:  # noqa: ARG002 - part of the protocol
        """Make a token."""
        now = time.time()
        return Token(self.make(), now + self.lifetime, now)

    def make(self, username: str = "", *, lifetime: int | None = None) -> str:
        """Make an app token, or a token for one user to log in with."""
        return make_token(
            self.app_id,
            self.certificate,
            issued_at=int(time.time()),
            expire=self.lifetime if lifetime is None else lifetime,
            user_id=username,
        )


@frozen
class StaticToken:
    """A token made elsewhere, used until its end."""

    value: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if not _can_stand_in_header(self.value):
            raise InvalidArgument("value", self.value, "text of printable ASCII", secret=True)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a StaticToken holds a token and is not pickled; make one where it is needed")

    async def fetch(self, exchange: Exchange, /) -> Token:  # noqa: ARG002 - part of the protocol
        """Return the token."""
        return Token(self.value)


@frozen
class CallableToken:
    """Tokens from a function of the caller's, which returns a `Token` or only its text."""

    function: Callable[[], Awaitable[Token | str]]

    async def fetch(self, exchange: Exchange, /) -> Token:  # noqa: ARG002 - part of the protocol
        """Call the function."""
        token = await self.function()
        if isinstance(token, Token):
            return token
        if isinstance(token, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return Token(token)
        raise TokenError(f"the token function returned {type(token).__name__}, not a Token or text")


@frozen
class ExchangedToken:
    """Trades the tokens of another source for tokens of the REST platform, as the vendor's Java SDK does."""

    source: TokenSource

    async def fetch(self, exchange: Exchange, /) -> Token:
        """Fetch a token of the source and exchange it."""
        return await exchange((await self.source.fetch(exchange)).value)


def _can_stand_in_header(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()


class TokenKeeper:
    """Holds a session's current token and renews it."""

    def __init__(self, source: TokenSource, exchange: Exchange, *, now: Callable[[], float] = time.time) -> None:
        self._source = source
        self._exchange = exchange
        self._now = now
        self._token: Token | None = None
        self._ends_at = math.inf
        """When the token ends, by the loop's clock."""
        self._fetching: asyncio.Task[Token] | None = None
        self._background: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task that keeps the token fresh."""
        self._background = asyncio.create_task(self._keep_fresh(), name="agora_chat_async token refresh")

    async def stop(self) -> None:
        """End the task, and a fetch that is under way."""
        tasks: list[asyncio.Task[Any]] = [task for task in (self._background, self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:  # not for ever: a source that is closing the session waits for itself
            await asyncio.wait(tasks, timeout=_LONGEST_GOODBYE)

    def ready(self) -> Token | None:
        """Return the token if it can be used without waiting."""
        token = self._token
        if token is None or token.expires_at is None or self._left(token) > _window(token, MANDATORY, 20):
            return token
        return None

    def _left(self, token: Token) -> float:
        """Seconds that the current token still lives, by the clock that says less."""
        if token.expires_at is None:
            return math.inf
        return min(token.expires_at - self._now(), self._ends_at - asyncio.get_running_loop().time())

    async def get(self) -> Token:
        """Return a usable token, waiting for a new one where that must be."""
        token = self.ready()
        if token is not None:
            return token
        try:
            return await self._renew()
        except AgoraChatError:
            old = self._token
            if old is not None and self._left(old) > 0:
                return old
            raise

    async def replace(self, rejected: Token) -> Token:
        """Return another token than one that the service rejected; one fetch serves all who ask."""
        current = self._token
        if current is not None and current.value != rejected.value:
            return current
        return await self._renew()

    async def _renew(self) -> Token:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name="agora_chat_async token fetch")
            self._fetching.add_done_callback(self._fetched)
        # Shielded: a caller that gives up must not take the token away from the others.
        return await asyncio.shield(self._fetching)

    async def _fetch(self) -> Token:
        try:
            token = await self._source.fetch(self._exchange)
            usable = _can_stand_in_header(token.value)
        except AgoraChatError as error:
            raise without_frames(error) from error.__cause__
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise TokenError("the token source was cancelled") from error
        except Exception as error:
            raise TokenError(f"the token source failed: {type(error).__name__}") from error
        if not usable:
            raise TokenError("the token source gave what cannot stand in a header: it has to be printable ASCII text")
        if token.expires_at is not None and token.expires_at <= self._now():
            raise TokenError("the token source gave a token that has ended already; is this machine's clock right?")
        now = self._now()
        self._token = token if token.issued_at is not None else evolve(token, issued_at=now)
        lives = math.inf if token.expires_at is None else token.expires_at - now
        self._ends_at = asyncio.get_running_loop().time() + lives
        return self._token

    def _fetched(self, task: asyncio.Task[Token]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # whoever waited has it; marked as seen for the case that nobody did

    async def _keep_fresh(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            due = self._due_in()
            if due > 0:
                await asyncio.sleep(min(due, _LONGEST_SLEEP))
                continue
            try:
                await self._renew()
            except AgoraChatError as error:
                log.warning("token refresh failed, trying again in %.0f s: %s", pause, error)
            else:
                if self._due_in() > 0:
                    pause = _FIRST_PAUSE
                    continue
                # A source that keeps its tokens until they end gives the same one again.
                log.info("the token source gave a token that is to be renewed soon, asking again in %.0f s", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _due_in(self) -> float:
        token = self._token
        if token is None:
            return 0.0
        if token.expires_at is None:
            return _LONGEST_SLEEP
        return self._left(token) - _window(token, ADVISORY, 4)


def _window(token: Token, longest: float, share: int) -> float:
    """Length of a window before a token's end: so many seconds, but at most a share of its life."""
    if token.expires_at is None or token.issued_at is None:
        return longest
    return min(longest, max(0.0, token.expires_at - token.issued_at) / share)


class Tokens:
    """Tokens for the users of the app."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def user(self, username: str, *, expire: int = 3600) -> str:
        """Make a token with which one user of the app can log in from a client.

        Args:
            username: Name of the user.
            expire: Seconds that it lives, 1 to 86,400.

        Returns:
            The token, made on this machine.

        Raises:
            TokenError: The session's token source is no `AppToken`, so the certificate is not known.
        """
        source = self._source.source if isinstance(self._source, ExchangedToken) else self._source
        if not isinstance(source, AppToken):
            raise TokenError("tokens for users can be made only where the session's token source is an AppToken")
        if not username:
            raise InvalidArgument("username", username, "a name that is not empty")
        return source.make(username, lifetime=expire)
