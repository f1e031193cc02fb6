"""Every error that the library raises.

AgoraChatError
├── InvalidArgument              refused before anything was sent (also a ValueError)
├── SessionError                 a Session used outside its life (also a RuntimeError)
│   ├── SessionNotOpen
│   ├── SessionAlreadyOpen
│   ├── SessionClosed
│   ├── WrongEventLoop
│   └── WrongProcess             the process was forked after the Session was opened
├── QuotaWaitExceeded            the quota is free only after `max_wait`; nothing was sent
├── QuotaStoreUnavailable        the store of shared quotas cannot be reached, and must be; nothing was sent
├── DeadlineExceeded             `timeout` is over (also a TimeoutError)
├── TokenError                   the token source gave no token
├── TransportError               no whole answer arrived
│   ├── ConnectFailed            no connection, so nothing was sent
│   │   └── TLSFailed            certificate, name, version or a cut: not tried again on the same host
│   ├── OutcomeUnknown           sent, no answer, and a repeat could do it twice
│   └── ResponseTooLarge
├── DecodeError                  an answer that is not what the service documents
└── APIError                     the service answered with an error
    ├── BadRequest               400, 405, 406, 415
    │   ├── IllegalArgument      illegal_argument, invalid_parameter, json_parse
    │   └── AlreadyExists        duplicate_unique_property_exists, 400 "already operation this message"
    ├── PayloadTooLarge          413, and 400 "message is too large"
    ├── Unauthorized             401
    │   └── BadToken             auth_bad_access_token
    ├── Forbidden                402, 403
    │   ├── ForbiddenOperation   forbidden_op, 401 MetadataException (the user is not in the chat room)
    │   ├── LimitReached         exceed_limit, LimitException, EditLimitExceededException
    │   ├── FeatureNotEnabled    EditFeatureNotEnabledException, ServiceNotOpenException
    │   └── NotYourMessage       RewriteMessageNotAuthorizedException (a 401 that is no token fault)
    ├── NotFound                 404, and 400 where push operations or passwords miss a user, label or template
    │   ├── AppNotFound          organization_application_not_found
    │   └── Expired              file_expired, MessageUnavailableException
    ├── RateLimited              429 reach_limit, 400 "too many queries"
    ├── PlanLimitExceeded        429 resource_limited
    └── ServerError              408, 5xx
        ├── UnsupportedOperation 500 unsupported_service_operation and its kin: the caller's mistake
        ├── BadGateway           502
        ├── ServiceUnavailable   503
        └── GatewayTimeout       504

Each of them survives pickling, so they may cross process borders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agora_chat_async._redact import HIDDEN, is_secret, redacted_bytes, redacted_text

SNIPPET: Final = 2048
"""Bytes of an undecodable body that an error keeps."""


def _restore(cls: type[AgoraChatError], args: tuple[Any, ...], state: dict[str, Any]) -> AgoraChatError:
    error = cls.__new__(cls)
    error.args = args  # not through __new__, which drops them in kinds of OSError such as TimeoutError
    error.__dict__.update(state)
    return error


class AgoraChatError(Exception):
    """Base of every error of this library."""

    outcome_unknown: bool = False
    """True where the request may have been carried out although the call failed, and a repeat could do it twice."""
    call_id: str | None = None
    """Id of the call that raised it, as hooks and log lines have it; None outside calls."""
    attempts: int = 0
    """How often the call was tried on the wire."""
    queued: float = 0.0
    """Seconds that the call waited for quotas."""
    elapsed: float = 0.0
    """Seconds from the call to this error."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, dict(self.__dict__))


class InvalidArgument(AgoraChatError, ValueError):
    """An argument breaks a documented rule; nothing was sent."""

    def __init__(self, argument: str, value: object, rule: str, *, secret: bool = False) -> None:
        shown = HIDDEN if secret or is_secret(argument) else redacted_text(_short(value))
        super().__init__(f"{argument}={shown}: {rule}")
        self.argument = argument
        self.rule = rule


class SessionError(AgoraChatError, RuntimeError):
    """A Session was used outside its life."""


class SessionNotOpen(SessionError):
    """The Session was never opened."""


class SessionAlreadyOpen(SessionError):
    """The Session was opened a second time."""


class SessionClosed(SessionError):
    """The Session is closed, or was closed while the call was under way."""


class WrongEventLoop(SessionError):
    """The Session was opened in another event loop."""


class WrongProcess(SessionError):
    """The Session was opened before this process was forked from another."""


class QuotaWaitExceeded(AgoraChatError):
    """The quota is free only later than the caller is willing to wait; nothing was sent."""

    def __init__(self, bucket: str, retry_after: float, max_wait: float) -> None:
        super().__init__(
            f"{bucket}: the quota is free in {retry_after:.3g} s at the earliest, max_wait is {max_wait:.3g} s"
        )
        self.bucket = bucket
        self.retry_after = retry_after
        """Seconds until the call could be sent, at the earliest."""
        self.max_wait = max_wait


class QuotaStoreUnavailable(AgoraChatError):
    """The store of shared quotas cannot be reached, and the session sends nothing without it."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"{bucket}: the quota store cannot be reached, and on_store_failure is 'closed'")
        self.bucket = bucket


class DeadlineExceeded(AgoraChatError, TimeoutError):
    """The call did not end within its `timeout`."""

    def __init__(self, call: str, timeout: float, *, sent: bool = False, outcome_unknown: bool = False) -> None:
        phase = "after it was sent" if sent else "before it was sent"
        super().__init__(f"{call}: not done within {timeout:.3g} s ({phase})")
        self.call = call
        self.timeout = timeout
        self.outcome_unknown = outcome_unknown


class TokenError(AgoraChatError):
    """The token source gave no usable token."""


class TransportError(AgoraChatError):
    """No whole answer arrived."""

    host: str | None = None
    """The host that was tried last, as a URL, where one was."""


class ConnectFailed(TransportError):
    """No connection could be made: nothing was sent."""


class TLSFailed(ConnectFailed):
    """TLS was not agreed on: certificate, name, version, or a connection cut in the handshake; nothing was sent."""


class OutcomeUnknown(TransportError):
    """The request was sent and its answer lost, and to repeat it could do it twice."""

    outcome_unknown = True


class ResponseTooLarge(TransportError):
    """The decoded body is larger than the session accepts."""


class DecodeError(AgoraChatError):
    """A successful answer whose body is not what the service documents."""

    def __init__(self, reason: str, *, call: str, status: int, content_type: str, body: bytes) -> None:
        self.reason: str = redacted_text(reason)
        super().__init__(f"{call}: {status} answer cannot be decoded: {self.reason}")
        self.call = call
        self.status = status
        self.content_type: str = redacted_text(content_type)
        self.body: bytes = redacted_bytes(body[:SNIPPET])
        """The first 2 KB of the answer, its secrets hidden."""


class APIError(AgoraChatError):
    """The service answered with an error."""

    def __init__(
        self,
        *,
        status: int,
        error: str | None = None,
        description: str | None = None,
        method: str = "",
        path: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        clock_skew: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        words = (
            f"{method} {path}:" if method else None,
            str(status),
            error,
            f"({description})" if description else None,
            f"- this machine's clock is {_ahead(clock_skew)} the service's" if clock_skew else None,
        )
        super().__init__(" ".join(word for word in words if word))
        self.status = status
        self.error = error
        """The service's name of the error, such as `reach_limit`; None where it sent none."""
        self.description = description
        self.method = method
        self.path = path
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds that the service asks to wait, if it does."""
        self.headers: dict[str, str] = dict(headers or {})
        """Headers of the answer, their names in lower case."""
        self.body: bytes = body[:SNIPPET]
        """The first 2 KB of the answer, its secrets hidden."""
        self.clock_skew = clock_skew
        """Seconds by which this machine's clock is ahead, where a token was refused and that may be the reason."""
        self.outcome_unknown = outcome_unknown


class BadRequest(APIError):
    """The request is wrong; only a changed one can pass."""


class IllegalArgument(BadRequest):
    """The service refuses a value of the request."""


class AlreadyExists(BadRequest):
    """The name is taken, or what was to be added is there already."""


class PayloadTooLarge(APIError):
    """The message or file is larger than the service takes."""


class Unauthorized(APIError):
    """The token is missing, expired or without the right."""


class BadToken(Unauthorized):
    """The token is malformed or of another app."""


class Forbidden(APIError):
    """The operation is not allowed."""


class ForbiddenOperation(Forbidden):
    """The state of the user, group or room does not allow the operation."""


class LimitReached(Forbidden):
    """A documented maximum is reached."""


class FeatureNotEnabled(Forbidden):
    """The feature is not enabled for the app."""


class NotYourMessage(Forbidden):
    """The message belongs to another app."""


class NotFound(APIError):
    """The user, group, room, message or file does not exist."""


class AppNotFound(NotFound):
    """The org or app name of the session is unknown to this host."""


class Expired(NotFound):
    """The file or message is past its storage time."""


class RateLimited(APIError):
    """Calls came faster than the quota; the same call may pass later."""


class PlanLimitExceeded(APIError):
    """The price plan is used up; waiting does not help."""


class ServerError(APIError):
    """The service failed."""


class UnsupportedOperation(ServerError):
    """The service knows no such operation; repeating does not help."""


class BadGateway(ServerError):
    """A gateway got no valid answer from the service."""


class ServiceUnavailable(ServerError):
    """The service cannot take the request now."""


class GatewayTimeout(ServerError):
    """A gateway waited in vain for the service."""


def _ahead(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"


def _short(value: object, width: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"
