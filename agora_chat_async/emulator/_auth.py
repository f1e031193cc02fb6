"""Who is calling: AccessToken2 checked by signature and lifetime, and the tokens that the emulator gave out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

from agora_chat_async._access_token import APP_PRIVILEGE, USER_PRIVILEGE, read_token
from agora_chat_async.emulator._errors import bad_token, unauthorized
from agora_chat_async.emulator._state.tokens import IssuedToken
from agora_chat_async.errors import TokenError

_MAX_KNOWN: Final = 10_000
_NOTHING: Final = MappingProxyType[str, float]({})


@frozen
class Identity:
    """The bearer of a token that holds; times in seconds since 1970."""

    user: str
    """Empty where it is the app itself."""
    issued_at: float
    expires_at: float


class Gatekeeper:
    """Tells whose token it is, or refuses it."""

    def __init__(self, app_id: str, certificate: str, now: Callable[[], float]) -> None:
        self._app_id = app_id
        self._certificate = certificate
        self._now = now
        # Signatures are checked once a token; revocation also needs to know which tokens were in use before it.
        self._known = dict[str, Identity]()
        self._issued = dict[str, Identity]()
        self._revoked = set[str]()
        self._revoked_before = dict[str, float]()

    def learn(self, tokens: Iterable[IssuedToken], revoked: Mapping[str, float] = _NOTHING) -> None:
        """Learn of tokens that the emulator gave out, and until when those made earlier were revoked, by user."""
        for token in tokens:
            self._issued[token.token] = Identity(token.user, self._now(), token.expires / 1000)
        self._revoked_before |= revoked

    def identify(self, authorization: str | None) -> Identity:
        """Return whose token an Authorization header holds."""
        if not authorization:
            raise unauthorized()
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise bad_token("Unable to authenticate due to corrupt access token")
        if token in self._revoked:
            raise unauthorized()
        identity = self._issued.get(token) or self._known.get(token) or self._read(token)
        if self._now() >= identity.expires_at or self._is_revoked(token, identity):
            raise unauthorized()
        return identity

    def revoke(self, *names: str) -> float:
        """Let no token of a user hold that was made before now, and return this moment.

        A user is given by name and by uuid, as tokens may have either; an empty name stands for everybody.
        """
        # Tokens tell their time in whole seconds: of those made in this very second, the ones seen so far are old.
        before = math.floor(self._now())
        for name in names:
            self._revoked_before[name] = before
        for memory in (self._known, self._issued):
            old = [token for token, identity in memory.items() if "" in names or identity.user in names]
            self._revoked.update(old)
            for token in old:
                del memory[token]
        return before

    def reset(self) -> None:
        """Forget what was given out and revoked."""
        for memory in (self._known, self._issued, self._revoked, self._revoked_before):
            memory.clear()

    def _read(self, token: str) -> Identity:
        try:
            content = read_token(token)
        except TokenError:
            raise bad_token("Unable to authenticate due to corrupt access token") from None
        is_app = APP_PRIVILEGE in content.privileges
        is_user = USER_PRIVILEGE in content.privileges and content.user_id
        if content.app_id != self._app_id or not content.is_signed_with(self._certificate) or not (is_app or is_user):
            raise bad_token("Unable to authenticate")
        identity = Identity("" if is_app else content.user_id, content.issued_at, content.expires_at)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[token] = identity
        return identity

    def _is_revoked(self, token: str, identity: Identity) -> bool:
        if not self._revoked_before or token in self._issued:
            return False
        before = max(self._revoked_before.get("", 0.0), self._revoked_before.get(identity.user, 0.0))
        return identity.issued_at < before
