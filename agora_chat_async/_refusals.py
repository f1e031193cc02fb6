"""From an error answer to an error: by what the service says first, by its status second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, cast

from agora_chat_async._json import parse
from agora_chat_async._redact import HIDDEN, is_secret, redacted_bytes, redacted_text
from agora_chat_async._retry import retry_after
from agora_chat_async.errors import (
    SNIPPET,
    AlreadyExists,
    APIError,
    AppNotFound,
    BadGateway,
    BadRequest,
    BadToken,
    Expired,
    FeatureNotEnabled,
    Forbidden,
    ForbiddenOperation,
    GatewayTimeout,
    IllegalArgument,
    LimitReached,
    NotFound,
    NotYourMessage,
    PayloadTooLarge,
    PlanLimitExceeded,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedOperation,
)

if TYPE_CHECKING:
    from agora_chat_async._http import Answer

_BY_NAME: Final[dict[str, type[APIError]]] = {
    "illegal_argument": IllegalArgument,
    "invalid_parameter": IllegalArgument,
    "json_parse": IllegalArgument,
    "param_illegal": IllegalArgument,
    "IllegalArgumentException": IllegalArgument,
    "MessageException": IllegalArgument,
    "duplicate_unique_property_exists": AlreadyExists,
    "unauthorized": Unauthorized,
    "auth_bad_access_token": BadToken,
    "RewriteMessageNotAuthorizedException": NotYourMessage,
    "forbidden_op": ForbiddenOperation,
    "exceed_limit": LimitReached,
    "exceeded_limit": LimitReached,
    "EditLimitExceededException": LimitReached,
    "LimitException": LimitReached,
    "EditFeatureNotEnabledException": FeatureNotEnabled,
    "ServiceNotOpenException": FeatureNotEnabled,
    "organization_application_not_found": AppNotFound,
    "service_resource_not_found": NotFound,
    "resource_not_found": NotFound,
    "entity_not_found": NotFound,
    "storage_object_not_found": NotFound,
    "required_property_not_found": NotFound,
    "EntityNotFoundException": NotFound,
    "ResourceNotFoundException": NotFound,
    "file_expired": Expired,
    "MessageUnavailableException": Expired,
    "reach_limit": RateLimited,
    "resource_limited": PlanLimitExceeded,
    "unsupported_service_operation": UnsupportedOperation,
    "no_full_text_index": UnsupportedOperation,
}

# Names that mean one thing with one status and another thing with another.
_BY_STATUS_AND_NAME: Final[dict[tuple[int, str | None], type[APIError]]] = {
    (401, "MetadataException"): ForbiddenOperation,
}
_KNOWN_NAMES: Final = {*_BY_NAME, *(name for _, name in _BY_STATUS_AND_NAME)}

# The service sends some errors without a name of their own; these words of the description tell them apart.
_BY_HINT: Final[dict[tuple[int, str], type[APIError]]] = {
    (400, "too many queries"): RateLimited,
    (400, "message is too large"): PayloadTooLarge,
    (400, "already operation this message"): AlreadyExists,
    (403, "too many groups"): LimitReached,
    (500, "javax.ws.rs.webapplicationexception"): UnsupportedOperation,
}

_DESCRIPTIONS: Final = ("error_description", "error_desc", "requestStatusCode", "result")
"""Where an error answer may have its description; two are those of reactions, the last is presence's."""

_REDIRECTS: Final = 300
_SERVER_ERRORS: Final = 500

CLOCK_TOLERANCE: Final = 30.0
"""Seconds by which this machine's clock may differ from the service's before an error says so."""

_BY_STATUS: Final[dict[int, type[APIError]]] = {
    401: Unauthorized,
    402: Forbidden,
    403: Forbidden,
    404: NotFound,
    408: ServerError,
    413: PayloadTooLarge,
    429: RateLimited,
    501: UnsupportedOperation,
    502: BadGateway,
    503: ServiceUnavailable,
    504: GatewayTimeout,
}


def api_error_class(status: int, error: str | None, description: str | None) -> type[APIError]:
    """Choose the class of an error answer: by what it says first, by its status second."""
    text = (description or "").lower()
    for (hint_status, words), cls in _BY_HINT.items():
        if status == hint_status and words in text:
            return cls
    if (status, error) in _BY_STATUS_AND_NAME:
        return _BY_STATUS_AND_NAME[status, error]
    if error in _BY_NAME:
        return _BY_NAME[error]
    return _BY_STATUS.get(status, BadRequest if _REDIRECTS <= status < _SERVER_ERRORS else ServerError)


def error_name(payload: Mapping[str, Any]) -> str | None:
    """Return the service's name of an error, looked for in `error` and then in `exception`."""
    for key in ("error", "exception"):
        value = payload.get(key)
        if isinstance(value, str) and value:
            name = value.rpartition(".")[2] if key == "exception" else value
            if key == "error" or name in _KNOWN_NAMES:
                return name
    return None


def refusal(answer: Answer, method: str, path: str, *secrets: str, now: float | None = None) -> APIError:
    """Make the error of an answer that is none of success; a body that is no JSON does not hide the status.

    Secrets are taken out of what the service says, those that were sent included.
    """
    try:
        payload = parse(answer.body)
    except ValueError:
        payload = None
    said = cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
    name = error_name(said)
    words = (said.get(key) for key in _DESCRIPTIONS)
    description = next((text for text in words if isinstance(text, str)), None)
    if answer.is_redirect:
        description = f"a redirect to {answer.headers.get('location', 'nowhere')!r}, which is not followed"
    request_id = answer.headers.get("x-request-id")
    cls = api_error_class(answer.status, name, description)
    return cls(
        status=answer.status,
        error=name and redacted_text(name, *secrets),
        description=description and redacted_text(description, *secrets),
        method=method,
        path=path,
        request_id=request_id and redacted_text(request_id, *secrets),
        retry_after=retry_after(answer.headers),
        headers={
            name: HIDDEN if is_secret(name) else redacted_text(value, *secrets)
            for name, value in answer.headers.items()
        },
        body=redacted_bytes(answer.body[: 2 * SNIPPET], *secrets),
        clock_skew=_clock_skew(answer, now) if issubclass(cls, Unauthorized) else None,
    )


def _clock_skew(answer: Answer, now: float | None) -> float | None:
    """Tell by how many seconds this machine's clock is ahead of the service's; None where that is no trouble."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    skew = (time.time() if now is None else now) - told
    return round(skew) if abs(skew) >= CLOCK_TOLERANCE else None
