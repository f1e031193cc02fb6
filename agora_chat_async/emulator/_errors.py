"""What the emulated service refuses, as one exception with the status and the names that the service uses."""

from __future__ import annotations

from typing import Any, Final

_NOT_SUPPORTED: Final = 500
_NOT_IMPLEMENTED: Final = 501
_EXCEPTIONS: Final = {
    "auth_bad_access_token": "org.apache.usergrid.rest.exceptions.SecurityException",
    "forbidden_op": "EasemobForbiddenOpException",
}
"""Names of exceptions that samples show; the others are made of the error's name."""


class Refusal(Exception):
    """The service answers with an error instead of a result."""

    def __init__(self, status: int, error: str, description: str, other: Refusal | None = None) -> None:
        """Take status, name and text, and how the same is told by other sources."""
        super().__init__(f"{status} {error}: {description}")
        self.other = other
        self.status = status
        self.error = error
        self.description = description

    def told_as(self, status: int | None) -> Refusal:
        """Return the refusal with the status that was chosen where the sources name two."""
        return self if self.other is None or self.other.status != status else self.other

    def body(self, *, timestamp: int, duration: int) -> dict[str, Any]:
        """Return the JSON of the error answer."""
        return {
            "error": self.error,
            "exception": _exception_name(self.error),
            "timestamp": timestamp,
            "duration": duration,
            "error_description": self.description,
        }


def _exception_name(error: str) -> str:
    if error in _EXCEPTIONS:
        return _EXCEPTIONS[error]
    if error.lower().endswith("exception"):
        return error.title().replace(" ", "") if " " in error else error
    return "".join(word.capitalize() for word in error.replace("_", " ").split()) + "Exception"


def illegal(description: str) -> Refusal:
    """The request holds a value that the service does not take."""
    return Refusal(400, "illegal_argument", description)


def invalid_parameter(description: str) -> Refusal:
    """A member of the request is missing, unknown or out of its bounds."""
    return Refusal(400, "invalid_parameter", description)


def too_fast() -> Refusal:
    """Calls come faster than the quota."""
    return Refusal(429, "reach_limit", "The request has reached API limit: calls come faster than the quota")


def plan_exceeded(edition: str) -> Refusal:
    """The app uses more of the service than its price plan has."""
    return Refusal(429, "resource_limited", f"The usage has exceeded the limit of the {edition} edition")


def unauthorized(description: str = "Unable to authenticate due to expired access token") -> Refusal:
    """The token is missing, expired or without the right."""
    return Refusal(401, "unauthorized", description)


def bad_token(description: str) -> Refusal:
    """The token is damaged or of another app."""
    return Refusal(401, "auth_bad_access_token", description)


def wrong_method(request: str, status: int) -> Refusal:
    """The path is known, with other methods."""
    name = "unsupported_service_operation" if status == _NOT_SUPPORTED else "Method Not Allowed"
    return Refusal(status, name, f"Service operation not supported: {request}")


def unknown_path(request: str, status: int) -> Refusal:
    """The path is none of the service's, as far as the emulator knows."""
    if status == _NOT_IMPLEMENTED:
        return not_emulated(f"{request} is no operation that the emulator knows")
    return Refusal(status, "web_application", f"javax.ws.rs.WebApplicationException: {request}")


def no_user_property(name: str) -> Refusal:
    """The user whom settings are for does not exist: 400 with most sources, 404 with others."""
    return Refusal(
        400,
        "required_property_not_found",
        f"Entity user requires a property named username: there is no {name}",
        other=no_such_user(name),
    )


def no_such_user(name: str) -> Refusal:
    """The user in the path does not exist."""
    return Refusal(404, "service_resource_not_found", f"Service resource not found: no user {name}")


def no_such_room(room_id: str) -> Refusal:
    """The chat room in the path does not exist."""
    return Refusal(404, "service_resource_not_found", f"Service resource not found: no chatroom {room_id}")


def no_such_group(group_id: str) -> Refusal:
    """The group in the path does not exist."""
    return Refusal(404, "service_resource_not_found", f"Service resource not found: no group {group_id}")


def unknown_user(name: str) -> Refusal:
    """A user whom the request names beside its subject does not exist."""
    return Refusal(404, "resource_not_found", f"username {name} doesn't exist!")


def unknown_group_member(name: str) -> Refusal:
    """A user who is to come into a group does not exist: 404 with most sources, 400 with others."""
    other = Refusal(400, "illegal_argument", f"group member {name} doesn't exist")
    return Refusal(404, "resource_not_found", f"username {name} doesn't exist!", other=other)


def unknown_room_member(name: str) -> Refusal:
    """A user who is to come into a room does not exist: 400 with most sources, 404 with others."""
    return Refusal(400, "illegal_argument", f"username {name} doesn't exist!", other=unknown_user(name))


def forbidden(description: str) -> Refusal:
    """The request is understood, and what it asks is not allowed."""
    return Refusal(403, "forbidden_op", description)


def moderated(error: str, text: str) -> Refusal:
    """Moderation does not let a text through."""
    return Refusal(403, error, f"{text} is violation, please change it.")


def limit_exceeded(description: str) -> Refusal:
    """The app, group or user has as many of something as it may."""
    return Refusal(403, "exceed_limit", description)


def push_illegal(description: str) -> Refusal:
    """A value that notifications and their labels cannot have."""
    return Refusal(400, "IllegalArgumentException", description)


def push_limit(description: str) -> Refusal:
    """As many labels, users under one, or tasks as there may be."""
    return Refusal(403, "LimitException", f"limit request: {description}")


def name_taken(name: str) -> Refusal:
    """The name of a new user is in use; the text has to end in it."""
    return Refusal(
        400,
        "duplicate_unique_property_exists",
        f"Entity user requires that property named username be unique, value of {name}",
    )


def not_emulated(description: str) -> Refusal:
    """The service may know this, the emulator does not."""
    return Refusal(501, "not_emulated", description)
