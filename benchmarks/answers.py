"""What the fixed-answer server says: for this SDK, and for those of other services in the forms that they decode."""

from typing import Any

_ENVELOPE: dict[str, Any] = {
    "action": "post",
    "application": "8be024f0-e978-11e8-b697-5d598d5f8402",
    "path": "/users",
    "uri": "http://127.0.0.1/org/app/users",
    "timestamp": 1542795196504,
    "duration": 20,
    "organization": "org",
    "applicationName": "app",
}


def user(name: str) -> dict[str, Any]:
    """Make one user's entity."""
    return {
        "uuid": "0ffe2d80-ed76-11e8-8d66-279e3e1c214b",
        "type": "user",
        "created": 1542795196504,
        "modified": 1542795196504,
        "username": name,
        "activated": True,
    }


_STREAM_USER: dict[str, Any] = {
    "id": "anna",
    "role": "user",
    "created_at": "2026-01-01T00:00:00.000000Z",
    "updated_at": "2026-01-01T00:00:00.000000Z",
    "banned": False,
    "online": False,
}
_GETSTREAM_USER = _STREAM_USER | {
    "created_at": 1542795196504000000,
    "updated_at": 1542795196504000000,
    "invisible": False,
    "language": "en",
    "shadow_banned": False,
    "blocked_user_ids": [],
    "channel_mutes": [],
    "custom": {},
    "devices": [],
    "mutes": [],
    "teams": [],
    "total_unread_count": 0,
    "unread_channels": 0,
    "unread_count": 0,
    "unread_threads": 0,
}
_OPENAI = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1542795196,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
_TWILIO = {
    "account_sid": "AC00000000000000000000000000000000",
    "sid": "SM00000000000000000000000000000000",
    "body": "Hello",
    "from": "+15550000001",
    "to": "+15550000002",
    "status": "queued",
    "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
    "num_segments": "1",
    "direction": "outbound-api",
}
_SENDBIRD = {
    "user_id": "anna",
    "nickname": "Anna",
    "profile_url": "",
    "access_token": "",
    "is_online": False,
    "is_active": True,
    "created_at": 1542795196,
    "last_seen_at": 0,
    "metadata": {},
}
_GITHUB = {
    "id": 1,
    "node_id": "MDU6TGFiZWwx",
    "url": "http://127.0.0.1/repos/o/r/labels/bug",
    "name": "bug",
    "color": "f29513",
    "default": True,
    "description": "Something is not working",
    "archived_at": None,
    "archived_by": None,
}

# Words of the request line, status, body; the first that fits is sent.
ANSWERS: list[tuple[bytes, int, Any]] = [
    (b"POST /org/app/users ", 200, _ENVELOPE | {"entities": [user("anna")]}),
    (b"GET /org/app/users/", 200, _ENVELOPE | {"action": "get", "entities": [user("anna")], "count": 1}),
    (
        b"GET /org/app/users?",
        200,
        _ENVELOPE | {"action": "get", "entities": [user(f"user-{n}") for n in range(100)], "count": 100},
    ),
    (b"GET /org/app/r", 200, _ENVELOPE | {"action": "get", "entities": [user("anna")], "count": 1}),
    (b"POST /org/app/messages/users ", 200, _ENVELOPE | {"data": {"ben": "1029457500870543736"}}),
    (b"/api/v2/users", 201, {"users": {"anna": _GETSTREAM_USER}, "duration": "1ms", "membership_deletion_task_id": ""}),
    (b"/chat.postMessage", 200, {"ok": True, "channel": "C1", "ts": "1.2", "message": {"text": "Hello"}}),
    (b"/chat/completions", 200, _OPENAI),
    (b"/Messages.json", 201, _TWILIO),
    (b"/v3/users", 200, _SENDBIRD),
    (b"/labels", 201, _GITHUB),
]
OTHERWISE: dict[str, Any] = {"users": {"anna": _STREAM_USER}, "duration": "1ms"}
