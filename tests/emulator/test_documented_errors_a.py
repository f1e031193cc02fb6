"""Documented errors of users, messages, presence, push and what belongs to them."""

from __future__ import annotations

from typing import Any

from emulator.documented_errors import Case, each, missing, produce

GROUPS = frozenset(
    {
        "users",
        "contacts",
        "user_attributes",
        "mutes",
        "presence",
        "messages",
        "files",
        "push",
        "push_labels",
        "callbacks",
    }
)
REASONS = {
    "users.delete 400 management": "another name for a user who does not exist, of a path that is not told",
    "messages.modify 401 RewriteMessageNotAuthorizedException": "the emulator has no second app",
    "messages.recall 200": "told inside an answer, see test_recall",
    "files.upload 413 Request Entity Too Large": "another name for the same",
    "push.send_sync 403 LimitException": "no count is told that could be above its limit",
    "push.send_to_users 403 LimitException": "as of send_sync",
    "401 metadata_error": "a fault between parts of the service: its tokens were judged before",
    "500 ": "faults of the service itself",
}

HELLO = {"type": "txt", "body": {"msg": "hello"}}
LARGE = {"type": "txt", "body": {"msg": "x" * 5121}}
NOTIFY = {"pushMessage": {"title": "t", "content": "c"}}
EDIT = {"new_msg": {"type": "txt", "msg": "hi"}}
MANY = [f"u{number}" for number in range(101)]
PRESENCE = ("result", "error_description", "timestamp", "duration")
NO_USER = "Entity user requires a property named username"
LATER = {"startDate": "2023-11-15 00:00:00", **NOTIFY}
"""In two hours, by the clock of the tests."""
A_WEEK_LATER = [("GET", "/chatfiles/{file}", None), 7 * 86_400.0]
OFF = "403 ServiceNotOpenException"


def on_presence(operation: str, path: str, body: Any = None) -> Case:
    settings = {"disabled": ["presence"]}
    return Case(operation, "400 service open exception", path, body, settings=settings, says="presence")


def without(feature: str, *operations: tuple[str, str, Any], error: str, **more: Any) -> list[Case]:
    """Operations, what fills their paths, and their bodies, while a feature is off."""
    return [
        Case(operation, error, path, body, settings={"disabled": [feature]}, **more)
        for operation, path, body in operations
    ]


CASES = [
    Case(
        "users.create",
        "400 duplicate_unique_property_exists",
        body={"username": "anna"},
        says="requires that property named username be unique, value of anna",
    ),
    Case("users.create", "400 illegal_argument: username missing", body={}, says="requires a property named username"),
    Case("users.create", "400 illegal_argument: username not legal", body={"username": "Zoe"}, says="is not legal"),
    Case(
        "users.create",
        "400 illegal_argument: username longer",
        body={"username": "z" * 65},
        says="USERNAME_TOO_LONG",
    ),
    Case(
        "users.create",
        "400 illegal_argument: nickname longer",
        body={"username": "zoe", "nickname": "z" * 101},
        says="NICKNAME_TOO_LONG",
    ),
    Case(
        "users.create",
        "400 illegal_argument: password missing",
        body={"username": "zoe"},
        settings={"require_password": True},
        says="password or pin must provided",
    ),
    Case(
        "users.create_many",
        "400 illegal_argument: more than 60",
        body=[{"username": name} for name in MANY[:61]],
        says="body array size",
    ),
    Case(
        "users.create_many",
        "400 illegal_argument: an item",
        body=[{"username": "zoe"}, {}],
        says="requires a property named username",
    ),
    Case(
        "users.create_many",
        "400 duplicate_unique_property_exists",
        body=[{"username": "zoe", "password": "one"}, {"username": "zoe", "password": "two"}],
        says="value of zoe",
    ),
    *(
        Case(operation, "404 service_resource_not_found", path, says="Service resource not found")
        for operation, path in (
            ("users.get", "zoe"),
            ("users.delete", "zoe"),
            ("users.ban", "zoe"),
            ("users.unban", "zoe"),
            ("users.disconnect", "zoe"),
            ("users.get_online_status", "zoe"),
            ("users.count_offline_messages", "zoe"),
            ("users.get_offline_message_status", "zoe 1"),
            ("contacts.add", "anna zoe"),
            ("contacts.remove", "zoe anna"),
            ("contacts.list", "zoe"),
            ("contacts.list_page", "zoe"),
            ("contacts.list_blocked", "zoe"),
            ("contacts.unblock_user", "anna zoe"),
            ("files.download", "0"),
            ("files.download_thumbnail", "0"),
        )
    ),
    Case("users.set_password", "400 illegal_argument", "anna", {}, says="newpassword is required"),
    Case("users.set_password", "404 entity_not_found", "zoe", {"newpassword": "new"}),
    Case(
        "users.set_password",
        "400 required_property_not_found",
        "zoe",
        {"newpassword": "new"},
        settings={"unknown_user": 400},
        says=NO_USER,
    ),
    Case("users.get_online_status_many", "400 illegal_argument", body={"usernames": MANY}),
    Case(
        "contacts.add",
        "403 exceed_limit",
        "bob carl",
        says="Inviter's contact max count",
        settings={"limits": {"contacts_per_user": 1}},
        given=[("POST", "/users/bob/contacts/users/anna", None)],
    ),
    Case(
        "contacts.add",
        "403 exceed_limit",
        "carl bob",
        says="Invitee's contact max count",
        settings={"limits": {"contacts_per_user": 1}},
        given=[("POST", "/users/bob/contacts/users/anna", None)],
    ),
    Case("contacts.list_page", "400 illegal_argument: limit above 50", "anna", query="limit=51"),
    Case("contacts.block_users", "404 service_resource_not_found", "anna", {"usernames": ["bob", "zoe"]}),
    Case("user_attributes.get_many", "400 BAD_REQUEST", body={"targets": MANY, "properties": ["ext"]}),
    Case("user_attributes.set", "403 FORBIDDEN: attributes of this user", "anna", form={"ext": "x" * 2049}),
    Case("user_attributes.set", "403 FORBIDDEN: a value is longer", "anna", form={"nickname": "x" * 65}),
    Case(
        "user_attributes.set",
        "403 FORBIDDEN: attributes of the app",
        "anna",
        form={"ext": "x" * 98},
        settings={"limits": {"attribute_bytes": 100}},
        says="attributes of all users",
    ),
    Case(
        "user_attributes.set",
        "403 FORBIDDEN: the attribute feature is not open",
        "anna",
        form={"ext": "x"},
        settings={"disabled": ["user_attributes"]},
        says="not open",
    ),
    *without(
        "user_attributes",
        ("user_attributes.get", "anna", None),
        ("user_attributes.get_many", "", {"targets": ["anna"], "properties": ["ext"]}),
        ("user_attributes.get_total_size", "", None),
        ("user_attributes.delete", "anna", None),
        error="403 FORBIDDEN",
        says="not open",
    ),
    Case("mutes.set", "400 required_property_not_found", body={"username": "zoe", "chat": 1}, says=NO_USER),
    Case("mutes.get", "400 required_property_not_found", "zoe", says=NO_USER),
    *without("mutes", ("mutes.set", "", {"username": "anna", "chat": 1}), error="403 forbidden_op"),
    Case(
        "presence.set_status",
        "400 unnamed: setting failed",
        "zoe android 1",
        {"ext": "x"},
        says="set presence failed",
        shape=PRESENCE,
    ),
    Case(
        "presence.set_status",
        "400 unnamed: ext over 1024",
        "anna android 1",
        {"ext": "x" * 1025},
        says="ext is too big",
        shape=PRESENCE,
    ),
    Case(
        "presence.set_status",
        "400 unnamed: unknown device",
        "anna toaster 1",
        {"ext": "x"},
        says="resource not exist",
        shape=PRESENCE,
    ),
    Case("presence.set_status", "400 illegal_argument", "anna android 1", {"ext": ""}, says="ext cannot be null"),
    Case(
        "presence.subscribe",
        "400 unnamed: the subscriber",
        "anna 60",
        {"usernames": ["anna"]},
        says="you can't sub yourself",
        shape=PRESENCE,
    ),
    Case(
        "presence.subscribe",
        "400 unnamed: more than 100",
        "anna 60",
        {"usernames": MANY},
        says="too many sub presence",
        shape=PRESENCE,
    ),
    Case("presence.subscribe", "400 illegal_argument", "anna 60", {"usernames": []}),
    Case(
        "presence.get_status",
        "400 unnamed: more than 100",
        "anna",
        {"usernames": MANY},
        says="too many get presences",
        shape=PRESENCE,
    ),
    Case(
        "presence.get_status",
        "400 unnamed: asked too often",
        "anna",
        {"usernames": ["bob"]},
        settings={"quotas": {"presence.get_status": "1/day"}},
        given=[("POST", "/users/anna/presence", {"usernames": ["bob"]})],
        says="too many queries",
        shape=PRESENCE,
    ),
    Case(
        "presence.unsubscribe",
        "400 unnamed: more than 100",
        "anna",
        MANY,
        says="too many unsub presences",
        shape=PRESENCE,
    ),
    Case("presence.unsubscribe", "400 illegal_argument", "anna", [], says="usernames cannot be null"),
    Case(
        "presence.list_subscriptions",
        "400 unnamed: asked too often",
        "anna",
        settings={"quotas": {"presence.list_subscriptions": "1/day"}},
        given=[("GET", "/users/anna/presence/sublist", None)],
        says="too many queries",
        shape=PRESENCE,
    ),
    on_presence("presence.set_status", "anna android 1", {"ext": "x"}),
    on_presence("presence.subscribe", "anna 60", {"usernames": ["bob"]}),
    on_presence("presence.get_status", "anna", {"usernames": ["bob"]}),
    on_presence("presence.unsubscribe", "anna", ["bob"]),
    on_presence("presence.list_subscriptions", "anna"),
    *(
        case
        for operation in ("messages.send_to_users", "messages.send_to_chatgroups", "messages.send_to_chatrooms")
        for case in (
            Case(
                operation,
                "400 illegal_argument: from is present",
                body={"from": "", "to": ["bob"], **HELLO},
                says="'From' can't be empty",
            ),
            Case(
                operation,
                "400 illegal_argument: body plus ext",
                body={"to": ["bob"], **LARGE},
                settings={"too_large": 400},
                says="message is too large",
            ),
            Case(operation, "413 unnamed: body plus ext", body={"to": ["bob"], **LARGE}),
        )
    ),
    Case(
        "messages.broadcast_to_chatrooms",
        "400 illegal_argument",
        body={"from": "", "msg": {"type": "txt", "msg": "hello"}},
        says="'From' can't be empty",
    ),
    Case("messages.get_history", "400 illegal_argument: time is not", "20231114", says="request is not supported"),
    Case(
        "messages.get_history",
        "400 illegal_argument: history of that hour",
        "2023111422",
        says="maybe chat message history is expired or unstored",
    ),
    Case(
        "messages.get_history",
        "404 storage_object_not_found",
        "2023111410",
        says="Failed to find chat message history download url",
    ),
    Case("messages.modify", "400 UnsupportedMessageTypeException", "{room_message}", EDIT),
    Case("messages.modify", "400 InvalidMessageIdException", "5I02W-XX", EDIT, says="is not a valid number"),
    Case(
        "messages.modify",
        "403 EditLimitExceededException",
        "{message}",
        EDIT,
        given=[("PUT", "/messages/rewrite/{message}", EDIT)] * 10,
        says="reached its edit limit",
    ),
    *without("modify", ("messages.modify", "{message}", EDIT), error="403 EditFeatureNotEnabledException"),
    Case("messages.modify", "404 MessageUnavailableException", "1", EDIT, says="unavailable or has expired"),
    *without(
        "recall",
        ("messages.recall", "", {"msg_id": "{message}", "to": "bob", "chat_type": "chat"}),
        error="403 forbidden_op",
        says="message recall service is unopened",
    ),
    Case(
        "messages.delete_conversation",
        "404 service_resource_not_found",
        "zoe",
        {"channel": "anna", "type": "chat", "delete_roam": True},
    ),
    Case(
        "files.upload",
        "413 file exceeding maximum limit",
        files={"file": ("a.bin", bytes(1024 * 1024 + 1))},
        settings={"limits": {"file_mb": 1}},
        says="exceeds the maximum limit",
    ),
    *(
        Case(operation, "404 file_expired", "{file}", given=A_WEEK_LATER, says="is expired")
        for operation in ("files.download", "files.download_thumbnail")
    ),
    *(
        case
        for operation, wrong in (
            ("push.set_display_nickname", {"nickname": "x" * 101}),
            ("push.set_display_style", {"notification_display_style": 2}),
            ("push.set_do_not_disturb", {"notification_no_disturbing": True, "notification_no_disturbing_start": 24}),
        )
        for case in (
            Case(operation, "400 required_property_not_found", "zoe", {}, says=NO_USER),
            Case(operation, "400 illegal_argument", "anna", wrong, says="parameters is invalid : "),
            Case(operation, "404 service_resource_not_found", "zoe", {}, settings={"unknown_user": 404}),
        )
    ),
    Case("push.set_notification_settings", "400 required_property_not_found", "zoe user bob", {"type": "ALL"}),
    Case(
        "push.set_notification_settings",
        "400 illegal_argument",
        "anna user bob",
        {"type": "SOME"},
        says="parameters is invalid : ",
    ),
    Case("push.get_notification_settings", "400 required_property_not_found", "zoe user bob", says=NO_USER),
    Case("push.get_notification_settings", "400 illegal_argument", "anna room 1", says="parameters is invalid : "),
    Case("push.set_preferred_language", "400 required_property_not_found", "zoe", {"translationLanguage": "en"}),
    Case(
        "push.set_preferred_language",
        "400 illegal_argument",
        "anna",
        {"translationLanguage": 1},
        says="parameters is invalid : ",
    ),
    Case("push.get_preferred_language", "400 required_property_not_found", "zoe", says=NO_USER),
    Case("push.create_template", "400 illegal_argument", body={"name": "t", "title_pattern": "{0}"}),
    Case("push.get_template", "400 EntityNotFoundException", "t", says="t template is not exist"),
    Case("push.delete_template", "400 EntityNotFoundException", "t", says="t template is not exist"),
    *(
        case
        for operation, path, targets in (
            ("push.send_sync", "anna", {}),
            ("push.send_to_users", "", {"targets": ["x"]}),
            ("push.send_to_labels", "", {"targets": ["x"]}),
            ("push.send_to_all", "", {}),
        )
        for case in (
            Case(
                operation,
                "400 MessageException",
                path,
                {"pushMessage": {"title": "t" * 33, "content": "c"}, **targets},
                says="bad_request",
            ),
            Case(operation, "400 IllegalArgumentException", path, {"strategy": 5, **NOTIFY, **targets}),
            *without("push", (operation, path, {**NOTIFY, **targets}), error=OFF),
        )
    ),
    Case(
        "push.send_to_labels",
        "400 ResourceNotFoundException",
        body={"targets": ["nobody"], **NOTIFY},
        says="push label not exists of nobody",
    ),
    Case(
        "push.send_to_labels",
        "403 LimitException",
        body={"targets": ["{label}"], **NOTIFY},
        given=[("POST", "/push/task", LATER)] * 3,
        says="limit request",
    ),
    Case(
        "push.send_to_all",
        "403 LimitException",
        body=NOTIFY,
        given=[("POST", "/push/task", LATER)] * 3,
        says="limit request",
    ),
    *without(
        "push",
        ("push_labels.create", "", {"name": "x"}),
        ("push_labels.get", "x", None),
        ("push_labels.list", "", None),
        ("push_labels.delete", "x", None),
        ("push_labels.add_users", "x", {"usernames": ["anna"]}),
        ("push_labels.get_user", "x anna", None),
        ("push_labels.list_users", "x", None),
        ("push_labels.remove_users", "x", {"usernames": ["anna"]}),
        error=OFF,
        says="push service not open",
    ),
    *(
        Case(operation, "400 ResourceNotFoundException", path, body, says="push label not exists of x")
        for operation, path, body in (
            ("push_labels.get", "x", None),
            ("push_labels.delete", "x", None),
            ("push_labels.add_users", "x", {"usernames": ["anna"]}),
            ("push_labels.get_user", "x anna", None),
            ("push_labels.list_users", "x", None),
            ("push_labels.remove_users", "x", {"usernames": ["anna"]}),
        )
    ),
    Case(
        "push_labels.create",
        "403 LimitException",
        body={"name": "x"},
        settings={"limits": {"push_labels": 1}},
        given=[("POST", "/push/label", {"name": "first"})],
        says="limit request",
    ),
    Case(
        "push_labels.add_users",
        "403 LimitException",
        "{label}",
        {"usernames": ["anna", "bob"]},
        settings={"limits": {"users_per_push_label": 1}},
        says="limit request",
    ),
    *(
        case
        for operation, body, wrong in (
            ("callbacks.list_stored", None, {"query": "x=1"}),
            ("callbacks.resend_stored", {"date": "202301010000"}, {}),
        )
        for case in (
            Case(operation, "400 unnamed", body=body, **wrong),
            Case(operation, "401 unnamed", body=body, user="anna"),
            Case(operation, "403 unnamed", body=body, settings={"disabled": ["callbacks"]}),
            Case(operation, "403 unnamed", body=body, settings={"plan": "starter"}),
            Case(
                operation,
                "429 unnamed",
                body=body,
                settings={"quotas": {operation: "1/day"}},
                given=[
                    ("GET", "/callbacks/storage/info", None)
                    if body is None
                    else ("POST", "/callbacks/storage/retry", {"date": "{callbacks}"})
                ],
            ),
        )
    ),
]


@each(CASES)
async def test_a_documented_error(case, connect, clock):
    await produce(case, connect(**case.settings), clock.advance, clock.token)


def test_every_documented_error_is_produced_or_explained():
    assert missing(GROUPS, CASES, REASONS) == []
    assert [case for case in CASES if len(case.documented) != 1] == []
