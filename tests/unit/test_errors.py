import inspect
import pickle
from typing import Any

import pytest

from agora_chat_async import errors
from agora_chat_async._refusals import api_error_class, error_name
from agora_chat_async.errors import AgoraChatError, APIError, InvalidArgument

API_ANSWER: dict[str, Any] = {
    "status": 429,
    "error": "reach_limit",
    "description": "reached API limit",
    "method": "POST",
    "path": "/users",
    "request_id": "r-1",
    "retry_after": 1.5,
    "body": b'{"error": "reach_limit"}',
    "outcome_unknown": True,
}
ARGUMENTS: dict[type[AgoraChatError], tuple[tuple[Any, ...], dict[str, Any]]] = {
    errors.InvalidArgument: (("username", "Anna", "no upper case"), {}),
    errors.QuotaWaitExceeded: (("POST /users", 2.0, 1.0), {}),
    errors.DeadlineExceeded: (("users.create", 3.0), {"outcome_unknown": True}),
    errors.DecodeError: (
        ("no entities",),
        {"call": "users.get", "status": 200, "content_type": "text/html", "body": b"<html>"},
    ),
}
CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, AgoraChatError) and value.__module__ == errors.__name__
]


def make(cls: type[AgoraChatError]) -> AgoraChatError:
    arguments, keywords = ARGUMENTS.get(cls, ((), API_ANSWER) if issubclass(cls, APIError) else (("lost",), {}))
    return cls(*arguments, **keywords)


@pytest.mark.parametrize("cls", CLASSES)
def test_survives_pickling(cls: type[AgoraChatError]) -> None:
    """An error that crosses a process border keeps its class, message, attributes and notes."""
    error = make(cls)
    error.add_note("while importing")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made one line above
    assert type(copy) is cls
    assert str(copy) == str(error) != ""
    assert copy.args == error.args
    assert vars(copy) == vars(error)
    assert copy.outcome_unknown == error.outcome_unknown


@pytest.mark.parametrize("cls", CLASSES)
def test_tree_in_the_docstring_is_the_tree(cls: type[AgoraChatError]) -> None:
    """The drawing at the top of the module names every class below its base."""
    lines = inspect.getdoc(errors).splitlines()  # type: ignore[union-attr]
    depths = {line.lstrip("│├└─ ").split(" ")[0]: len(line) - len(line.lstrip("│├└─ ")) for line in lines}
    assert cls.__name__ in depths
    if cls is not AgoraChatError:
        assert depths[cls.__name__] == depths[cls.__bases__[0].__name__] + 4


@pytest.mark.parametrize(
    ("status", "name", "description", "expected"),
    [
        (400, "json_parse", "Unexpected character", "IllegalArgument"),
        (400, "illegal_argument", "requires a property named username", "IllegalArgument"),
        (400, "illegal_argument", "message is too large", "PayloadTooLarge"),
        (400, "illegal_argument", "maybe chat message history is expired or unstored", "IllegalArgument"),
        (400, "invalid_parameter", "are not valid fields", "IllegalArgument"),
        (400, "param_illegal", "group_id is required", "IllegalArgument"),
        (400, "duplicate_unique_property_exists", "username be unique", "AlreadyExists"),
        (400, "Bad Request", "the user is already operation this message", "AlreadyExists"),
        (400, "required_property_not_found", "requires a property named username", "NotFound"),
        (400, "EntityNotFoundException", "sale template is not exist", "NotFound"),
        (400, "ResourceNotFoundException", "push label not exists of vip", "NotFound"),
        (400, "IllegalArgumentException", "startDate is out of range", "IllegalArgument"),
        (400, "MessageException", "bad_request", "IllegalArgument"),
        (403, "LimitException", "limit request", "LimitReached"),
        (403, "ServiceNotOpenException", "push service not open", "FeatureNotEnabled"),
        (400, "invalid_grant", "invalid username or password", "BadRequest"),
        (400, None, "set presence failed", "BadRequest"),
        (400, None, "Too Many Queries", "RateLimited"),
        (400, "UnsupportedMessageTypeException", "currently not supported for modification", "BadRequest"),
        (400, "InvalidMessageIdException", "not a valid number", "BadRequest"),
        (401, "unauthorized", "Registration is not open", "Unauthorized"),
        (401, "unauthorized", "expired access token", "Unauthorized"),
        (401, "auth_bad_access_token", "corrupt access token", "BadToken"),
        (401, "RewriteMessageNotAuthorizedException", "not authorized to edit this message", "NotYourMessage"),
        (401, "MetadataException", "user not in chatroom", "ForbiddenOperation"),
        (404, "MetadataException", "user not in group", "NotFound"),
        (401, None, None, "Unauthorized"),
        (402, None, None, "Forbidden"),
        (403, "forbidden_op", "already in group", "ForbiddenOperation"),
        (403, "forbidden_op", "user anna has joined too many groups/chatroom!", "LimitReached"),
        (403, "exceed_limit", "Invitee's contact max count", "LimitReached"),
        (403, "exceeded_limit", None, "LimitReached"),
        (403, "EditLimitExceededException", "reached its edit limit", "LimitReached"),
        (403, "EditFeatureNotEnabledException", "edit message feature is not enabled", "FeatureNotEnabled"),
        (403, None, None, "Forbidden"),
        (404, "organization_application_not_found", "Could not find application for", "AppNotFound"),
        (404, "service_resource_not_found", "Service resource not found", "NotFound"),
        (404, "resource_not_found", "username .. doesn't exist", "NotFound"),
        (404, "storage_object_not_found", "Failed to find chat message history download url", "NotFound"),
        (404, "file_expired", "is expired", "Expired"),
        (404, "MessageUnavailableException", "unavailable or has expired", "Expired"),
        (404, None, None, "NotFound"),
        (405, None, None, "BadRequest"),
        (406, None, None, "BadRequest"),
        (408, None, None, "ServerError"),
        (413, "file exceeding maximum limit", "exceeds the maximum limit", "PayloadTooLarge"),
        (413, "Request Entity Too Large", None, "PayloadTooLarge"),
        (413, None, None, "PayloadTooLarge"),
        (415, "web_application", "Unsupported Media Type", "BadRequest"),
        (429, "reach_limit", "reached API limit", "RateLimited"),
        (429, "resource_limited", "exceeded the limit of the Free edition", "PlanLimitExceeded"),
        (429, None, None, "RateLimited"),
        (500, "no_full_text_index", "is not full text indexed", "UnsupportedOperation"),
        (500, "unsupported_service_operation", "Service operation not supported", "UnsupportedOperation"),
        (500, "web_application", "javax.ws.rs.WebApplicationException", "UnsupportedOperation"),
        (500, "RewriteMessageInternalErrorException", "unknown error occurred", "ServerError"),
        (500, None, None, "ServerError"),
        (501, None, None, "UnsupportedOperation"),
        (502, None, "<html>", "BadGateway"),
        (503, None, None, "ServiceUnavailable"),
        (504, None, None, "GatewayTimeout"),
        (599, None, None, "ServerError"),
        (418, "teapot", None, "BadRequest"),
    ],
)
def test_class_of_each_documented_error(status: int, name: str | None, description: str | None, expected: str) -> None:
    """The service's name decides first, words of its description where it sends none, the status last."""
    assert api_error_class(status, name, description).__name__ == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"error": "reach_limit"}, "reach_limit"),
        ({"error": "", "exception": "com.x.EditLimitExceededException"}, "EditLimitExceededException"),
        ({"exception": "EditFeatureNotEnabledException"}, "EditFeatureNotEnabledException"),
        ({"exception": "org.apache.usergrid.rest.exceptions.SecurityException"}, None),
        ({"error": "auth_bad_access_token", "exception": "com.x.SecurityException"}, "auth_bad_access_token"),
        ({"error": 7}, None),
        ({"error_description": "nothing else"}, None),
        ({}, None),
    ],
)
def test_name_stands_in_either_key(payload: dict[str, Any], expected: str | None) -> None:
    """The name is read from `error`, else from the class in `exception` where it is a documented one."""
    assert error_name(payload) == expected


def test_secret_values_are_not_shown() -> None:
    """A refused password is in no text, attribute or pickle of its error."""
    error = InvalidArgument("password", "hunter2" * 20, "at most 64 bytes", secret=True)
    assert str(error) == "password=(hidden): at most 64 bytes"
    assert b"hunter2" not in pickle.dumps(error)
    assert "hunter2" not in repr(error) + repr(vars(error))


def test_long_values_are_cut() -> None:
    """A refused value does not flood the log."""
    assert len(str(InvalidArgument("username", "x" * 10_000, "too long"))) < 120


def test_bodies_are_cut() -> None:
    """An error keeps the beginning of a body, not megabytes of it."""
    html = b"x" * 5000
    decode = errors.DecodeError("not JSON", call="users.get", status=200, content_type="text/html", body=html)
    assert len(decode.body) == len(APIError(status=502, body=html).body) == 2048


def test_message_tells_call_status_and_reason() -> None:
    """The text of an error answer is enough to act on."""
    error = errors.RateLimited(**API_ANSWER)
    assert str(error) == "POST /users: 429 reach_limit (reached API limit)"
    assert str(APIError(status=503)) == "503"


def test_errors_are_also_the_builtin_kind() -> None:
    """Code that knows only Python's own errors catches ours."""
    assert issubclass(InvalidArgument, ValueError)
    assert issubclass(errors.DeadlineExceeded, TimeoutError)
    assert issubclass(errors.SessionError, RuntimeError)
