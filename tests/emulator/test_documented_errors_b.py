"""Documented errors of groups, rooms, threads and reactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.documented_errors import DOCUMENTED, ENDPOINTS, Case, each, missing, produce

GROUPS = frozenset(
    {
        *("groups", "group_members", "group_mutes", "group_blocks", "group_allowlist", "group_files"),
        *("rooms", "room_members", "room_mutes", "room_blocks", "room_allowlist", "room_attributes"),
        *("threads", "thread_members", "reactions"),
    }
)
NAMES = {"usernames": ["bob"]}
GROUP = {"owner": "anna", "public": True}
ROOM = {"name": "r", "description": "d", "owner": "anna"}
THREAD = {"group_id": "{group}", "name": "t", "msg_id": "{group_message}", "owner": "anna"}
BODIES: Mapping[str, Any] = {
    "groups.update": {"groupname": "new"},
    "groups.transfer_ownership": {"newowner": "bob"},
    "group_members.add_many": NAMES,
    "group_members.add_admin": {"newadmin": "bob"},
    "group_members.set_attributes": {"metaData": {"k": "v"}},
    "group_members.get_attributes_of_many": {"targets": ["bob"]},
    "group_files.set_announcement": {"announcement": "hello"},
    "rooms.update": {"name": "new"},
    "rooms.set_announcement": {"announcement": "hello"},
    "room_members.add_many": NAMES,
    "room_members.add_admin": {"newadmin": "bob"},
    "room_attributes.get": {"keys": []},
    **{f"room_attributes.{kind}set": {"metaData": {"k": "v"}} for kind in ("", "force_")},
    **{f"room_attributes.{kind}remove": {"keys": ["k"]} for kind in ("", "force_")},
    **{f"{kind}_mutes.mute": {**NAMES, "mute_duration": 60_000} for kind in ("group", "room")},
    **{f"{kind}_{which}.add_many": NAMES for kind in ("group", "room") for which in ("blocks", "allowlist")},
    "threads.create": THREAD,
    "threads.update": {"name": "new"},
    "thread_members.add": NAMES,
    "thread_members.remove": NAMES,
    "reactions.add": {"msgId": "1", "message": "a"},
}
"""What a call has for a body that has one."""
FILE = {"file": ("a.txt", b"content")}


def everywhere(error: str, path: str, **more: Any) -> Iterator[Case]:
    """One case for each operation that documents an error in these words."""
    for operation, documented in DOCUMENTED.items():
        if operation.partition(".")[0] in GROUPS and any(one.startswith(error) for one in documented):
            filling = f"{path},carl" if operation.endswith(".remove_many") else path
            files = FILE if operation == "group_files.upload" else None
            yield Case(operation, error, filling, BODIES.get(operation), files=files, **more)


def too_many(most: int, *operations: tuple[str, str]) -> Iterator[Case]:
    """Cases of more users than one call takes; each operation has words of its own for that."""
    users = [f"u{number}" for number in range(most + 1)]
    for operation, words in operations:
        place = "{group}" if operation.startswith("group") else "{room}"
        in_path = "usernames" not in (BODIES.get(operation) or {})
        yield Case(
            operation,
            "400 invalid_parameter",
            f"{place} {','.join(users)}" if in_path else place,
            None if in_path else {**BODIES[operation], "usernames": users},
            says=words,
        )


def limits(**most: int) -> dict[str, Any]:
    return {"limits": most}


NOT_MEMBERS = "are not members of this group!"
OWNER = "forbidden operation on group owner!"
ANOTHER = ("POST", "/chatgroups", {**GROUP, "owner": "carl"})
ANOTHER_ROOM = ("POST", "/chatrooms", {**ROOM, "owner": "carl"})
BLOCK = ("POST", "/chatgroups/{group}/blocks/users/bob", None)
CASES = [
    *everywhere("404 service_resource_not_found: no such group", "1 bob", says="Service resource not found"),
    *everywhere("404 service_resource_not_found: no such chat room", "1 bob", says="Service resource not found"),
    *everywhere("404 group_error: no such thread", "1"),
    *everywhere("403 group_error: threads are not switched on", "1 bob", settings={"disabled": ["threads"]}),
    *everywhere(
        "400 Bad Request: reactions are not open",
        "anna",
        query="msgId=1&message=a",
        settings={"disabled": ["reactions"]},
        says="is not open reaction service!",
    ),
    *(
        Case(operation, "400 group_error: limit above 50", path, query="limit=51")
        for operation, path in (
            ("threads.list", ""),
            ("threads.list_joined", "bob"),
            ("threads.list_joined_in_group", "{group} bob"),
            ("thread_members.list", "{thread}"),
        )
    ),
    # groups
    Case("groups.create", "400 invalid_parameter: a required", body={"public": True}, says="owner must be provided"),
    Case(
        "groups.create", "400 invalid_parameter: a required", body={"owner": "anna"}, says="must contain public field"
    ),
    Case(
        "groups.create",
        "400 invalid_parameter: avatar",
        body={**GROUP, "avatar": "x" * 1025},
        says="avatar length is too big",
    ),
    Case(
        "groups.create",
        "403 forbidden_op: the app has",
        body=GROUP,
        settings=limits(groups=1),
        given=[ANOTHER],
        says="has created too many groups/chatrooms",
    ),
    Case(
        "groups.create",
        "403 forbidden_op: a user",
        body={**GROUP, "members": ["carl"]},
        settings=limits(groups_per_user=1),
        given=[ANOTHER],
        says="user carl has joined too many groups/chatroom",
    ),
    Case(
        "groups.create",
        "403 exceed_limit",
        body={**GROUP, "maxusers": 2, "members": ["bob", "carl"]},
        says="members size is greater than max user size !",
    ),
    Case(
        "groups.create",
        "403 group_name_violation",
        body={**GROUP, "groupname": "dice"},
        settings={"moderated": ["dice"]},
        says="dice is violation, please change it.",
    ),
    Case("groups.create", "404 resource_not_found", body={**GROUP, "owner": "zoe"}, says="username zoe doesn't exist"),
    Case("groups.create", "404 resource_not_found", body={**GROUP, "members": ["bob", "zoe"]}, says="zoe"),
    Case("groups.get", "404 service_resource_not_found", "1,2"),
    Case("groups.list_joined", "404 service_resource_not_found", "zoe"),
    Case(
        "groups.update",
        "400 invalid_parameter",
        "{group}",
        {"groupname": "new", "groupid": "1"},
        says="some of [groupid] are not valid fields",
    ),
    Case(
        "groups.update",
        "403 group_name_violation",
        "{group}",
        {"groupname": "dice"},
        settings={"moderated": ["dice"]},
    ),
    *(
        Case(
            "groups.transfer_ownership",
            "403 forbidden_op: newowner is not in",
            "{group}",
            {"newowner": name},
            says=f"user: {name} doesn't exist in group: ",
        )
        for name in ("carl", "zoe")
    ),
    Case(
        "groups.transfer_ownership",
        "403 forbidden_op: newowner is the owner",
        "{group}",
        {"newowner": "anna"},
        says="new owner and old owner are the same",
    ),
    Case(
        "groups.delete",
        "404 service_resource_not_found",
        "{group}",
        given=[("DELETE", "/chatgroups/{group}", None)],
    ),
    # group_members
    Case(
        "group_members.add",
        "403 forbidden_op: already",
        "{group} bob",
        says="can not join this group, reason:user: bob already in group: ",
    ),
    Case(
        "group_members.add",
        "403 forbidden_op: the user is in too many",
        "{group} carl",
        settings=limits(groups_per_user=1),
        given=[ANOTHER],
        says="carl has joined too many groups",
    ),
    Case("group_members.add", "404 resource_not_found", "{group} zoe", says="username zoe doesn't exist!"),
    Case(
        "group_members.add_many",
        "403 forbidden_op: all the users",
        "{group}",
        {"usernames": ["anna", "bob"]},
        says="already in group",
    ),
    Case(
        "group_members.add_many",
        "403 forbidden_op: a user is in too many",
        "{group}",
        {"usernames": ["dora", "carl"]},
        settings=limits(groups_per_user=1),
        given=[ANOTHER],
        says="carl has joined too many groups",
    ),
    Case(
        "group_members.add_many",
        "403 exceed_limit",
        "{group}",
        {"usernames": [f"u{number}" for number in range(61)]},
        says="members size is greater than max user size !",
    ),
    Case(
        "group_members.add_many",
        "403 exceed_limit",
        "{group}",
        {"usernames": ["carl"]},
        given=[("PUT", "/chatgroups/{group}", {"maxusers": 2})],
        says="members size is greater than max user size !",
    ),
    Case(
        "group_members.add_many",
        "404 resource_not_found",
        "{group}",
        {"usernames": ["carl", "zoe"]},
        says="username zoe doesn't exist!",
    ),
    *(
        Case("group_members.remove", "403 forbidden_op: the user is not", f"{{group}} {n}", says=NOT_MEMBERS)
        for n in ("carl", "zoe")
    ),
    Case("group_members.remove", "403 forbidden_op: the user is the owner", "{group} anna", says=OWNER),
    Case("group_members.remove_many", "403 forbidden_op: none", "{group} carl,zoe", says=NOT_MEMBERS),
    Case("group_members.remove_many", "403 forbidden_op: the owner", "{group} bob,anna", says=OWNER),
    Case(
        "group_members.add_admin",
        "404 resource_not_found",
        "{group}",
        {"newadmin": "carl"},
        says="user: carl doesn't exist in group: ",
    ),
    Case(
        "group_members.remove_admin",
        "403 forbidden_op",
        "{group} bob",
        says="user:bob is not admin of group:",
    ),
    *(
        Case("group_members.set_attributes", error, "{group} bob", {"metaData": data}, says=words)
        for error, data, words in (
            ("400 metadata_error: key", {"x" * 17: "v"}, "exceeds chatgroup user metadata single key limit"),
            ("400 metadata_error: value", {"k": "x" * 513}, "exceeds chatgroup user metadata single value limit"),
        )
    ),
    Case("group_members.get_attributes", "404 MetadataException", "{group} carl", says="user not in group"),
    Case(
        "group_members.get_attributes_of_many",
        "400 metadata_error",
        "{group}",
        {"targets": [f"u{number}" for number in range(11)], "properties": []},
        says="query param reaches limit.",
    ),
    # lists of groups
    Case(
        "group_mutes.mute",
        "403 forbidden_op: the users",
        "{group}",
        {"usernames": ["carl"], "mute_duration": 9},
        says=NOT_MEMBERS,
    ),
    Case(
        "group_mutes.mute",
        "403 forbidden_op: the owner",
        "{group}",
        {"usernames": ["bob", "anna"], "mute_duration": 9},
        says=OWNER,
    ),
    Case("group_blocks.add", "403 forbidden_op: the user is the owner", "{group} anna", says=OWNER),
    Case("group_blocks.add", "403 forbidden_op: the user is not", "{group} carl", says=NOT_MEMBERS),
    Case("group_blocks.add", "403 forbidden_op: the user is not", "{group} bob", given=[BLOCK], says=NOT_MEMBERS),
    Case("group_blocks.add_many", "403 forbidden_op: the owner", "{group}", {"usernames": ["bob", "anna"]}, says=OWNER),
    Case(
        "group_blocks.add_many", "403 forbidden_op: none", "{group}", {"usernames": ["carl", "zoe"]}, says=NOT_MEMBERS
    ),
    Case("group_blocks.add_many", "403 forbidden_op: none", "{group}", NAMES, given=[BLOCK], says=NOT_MEMBERS),
    Case("group_blocks.remove", "403 forbidden_op", "{group} bob", says=NOT_MEMBERS),
    Case("group_blocks.remove_many", "403 forbidden_op", "{group} bob,carl", says=NOT_MEMBERS),
    Case("group_allowlist.add", "403 forbidden_op", "{group} carl", says=NOT_MEMBERS),
    Case("group_allowlist.add_many", "403 forbidden_op", "{group}", {"usernames": ["carl", "zoe"]}, says=NOT_MEMBERS),
    Case("group_allowlist.remove", "403 forbidden_op", "{group} carl,zoe", says=NOT_MEMBERS),
    *too_many(
        60,
        ("group_members.remove_many", "kickMember: kickMembers number more than maxSize : 60"),
        ("group_mutes.mute", "userNames size is more than max limit : 60"),
        ("group_mutes.unmute", "removeMute member size more than max limit : 60"),
        ("group_blocks.add_many", "userNames is more than max limit : 60"),
        ("group_blocks.remove_many", "removeBlacklist: list size more than max limit : 60"),
        ("group_allowlist.add_many", "usernames size is more than max limit : 60"),
        ("group_allowlist.remove", "removeWhitelist size is more than max limit : 60"),
        ("room_members.add_many", ""),
        *((f"room_{name}", "") for name in ("mutes.mute", "mutes.unmute", "blocks.add_many", "blocks.remove_many")),
        *((f"room_{name}", "") for name in ("allowlist.add_many", "allowlist.remove")),
    ),
    *too_many(100, ("room_members.remove_many", "")),
    # group_files
    *(
        Case("group_files.set_announcement", "400 illegal_argument", "{group}", body, says="announcement is null")
        for body in ({}, {"announcement": None})
    ),
    Case(
        "group_files.set_announcement",
        "403 FORBIDDEN",
        "{group}",
        {"announcement": "x" * 513},
        says="announce info length exceeds limit!",
    ),
    Case(
        "group_files.set_announcement",
        "403 group_announce_violation",
        "{group}",
        {"announcement": "a game of dice"},
        settings={"moderated": ["dice"]},
    ),
    Case(
        "group_files.upload",
        "400 IllegalArgumentException",
        "{group}",
        files={"other": ("a.txt", b"content")},
        says="file must be provided.",
    ),
    Case(
        "group_files.upload",
        "413 Request Entity Too Large",
        "{group}",
        files={"file": ("a.txt", bytes(10 * 1024**2 + 1))},
    ),
    *(
        Case(f"group_files.{name}", "404 service_resource_not_found: no such file", "{group} 1")
        for name in ("download", "delete")
    ),
    # rooms
    *(
        Case(
            "rooms.create",
            "400 invalid_parameter",
            body={key: value for key, value in ROOM.items() if key != name},
            says=name,
        )
        for name in ROOM
    ),
    *(
        Case("rooms.create", "400 invalid_parameter", body={**ROOM, **change})
        for change in ({"name": "x" * 129}, {"description": "x" * 513}, {"maxusers": 0}, {"maxusers": 10_001})
    ),
    Case(
        "rooms.create",
        "403 forbidden_op",
        body=ROOM,
        settings=limits(rooms=1),
        given=[ANOTHER_ROOM],
        says="has created too many",
    ),
    Case(
        "rooms.create",
        "403 forbidden_op",
        body={**ROOM, "members": ["carl"]},
        settings=limits(rooms_per_user=1),
        given=[ANOTHER_ROOM],
        says="carl has joined too many groups/chatroom",
    ),
    Case("rooms.create", "403 exceed_limit", body={**ROOM, "maxusers": 1, "members": ["bob", "carl"]}),
    Case("rooms.create", "404 resource_not_found", body={**ROOM, "owner": "zoe"}),
    Case("rooms.create", "404 resource_not_found", body={**ROOM, "members": ["bob", "zoe"]}),
    Case("rooms.list_joined", "404 service_resource_not_found", "zoe"),
    Case("rooms.update", "400 invalid_parameter", "{room}", {"name": "new", "owner": "bob"}),
    *(
        Case("rooms.update", "403 exceed_limit", "{room}", change)
        for change in ({"name": "x" * 129}, {"description": "x" * 513}, {"maxusers": 10_001})
    ),
    Case("rooms.set_announcement", "403 forbidden_op", "{room}", {"announcement": "x" * 513}),
    # room_members
    Case("room_members.add", "400 illegal_argument", "{room} zoe"),
    Case("room_members.add", "400 forbidden_op", "{room} bob"),
    Case(
        "room_members.add", "403 forbidden_op", "{room} carl", settings=limits(rooms_per_user=1), given=[ANOTHER_ROOM]
    ),
    Case("room_members.add_many", "400 illegal_argument", "{room}", {"usernames": ["carl", "zoe"]}),
    Case(
        "room_members.add_many",
        "403 forbidden_op",
        "{room}",
        {"usernames": ["bob", "carl"]},
        settings=limits(rooms_per_user=1),
        given=[ANOTHER_ROOM],
    ),
    Case("room_members.remove", "403 forbidden_op", "{room} carl"),
    Case("room_members.remove", "404 resource_not_found", "{room} zoe"),
    Case("room_members.remove_many", "403 forbidden_op", "{room} carl,zoe"),
    Case("room_members.add_admin", "404 resource_not_found", "{room}", {"newadmin": "zoe"}),
    Case("room_members.add_admin", "403 forbidden_op", "{room}", {"newadmin": "carl"}),
    Case("room_members.add_admin", "403 forbidden_op", "{room}", {"newadmin": "bob"}, settings=limits(admins=0)),
    Case("room_members.remove_admin", "404 resource_not_found", "{room} zoe"),
    Case("room_members.remove_admin", "403 forbidden_op", "{room} bob"),
    Case("room_members.add_super_admin", "404 resource_not_found", body={"superadmin": "zoe"}),
    Case("room_members.remove_super_admin", "404 resource_not_found", "zoe"),
    # lists of rooms
    Case("room_mutes.mute", "400 forbidden_op", "{room}", {"usernames": ["carl"], "mute_duration": 9}),
    *(Case("room_blocks.add", "403 forbidden_op", f"{{room}} {name}") for name in ("anna", "carl", "zoe")),
    Case("room_blocks.add_many", "403 forbidden_op", "{room}", {"usernames": ["anna", "carl"]}),
    Case("room_blocks.remove", "403 forbidden_op", "{room} bob"),
    Case("room_blocks.remove_many", "403 forbidden_op", "{room} bob,carl"),
    Case("room_allowlist.add", "400 forbidden_op", "{room} carl"),
    Case("room_allowlist.add_many", "400 forbidden_op", "{room}", {"usernames": ["carl", "zoe"]}),
    Case("room_allowlist.remove", "400 forbidden_op", "{room} carl"),
    # room_attributes
    *(
        Case(f"room_attributes.{name}", "400 unnamed", "{room} bob", body)
        for names, body in (
            (("set", "force_set"), {"metaData": {f"k{number}": "v" for number in range(11)}}),
            (("remove", "force_remove"), {"keys": [f"k{number}" for number in range(11)]}),
        )
        for name in names
    ),
    *everywhere("401 MetadataException", "{room} carl"),
    # threads
    Case("threads.create", "400 group_error", body={**THREAD, "name": "x" * 65}),
    Case("threads.create", "400 group_error", body={**THREAD, "msg_id": "{message}"}),
    Case("threads.create", "400 group_error", body={**THREAD, "msg_id": "{room_message}"}),
    Case("threads.create", "400 group_error", body={**THREAD, "msg_id": "{other_group_message}"}),
    Case("threads.create", "400 group_error", body={**THREAD, "msg_id": "{thread_message}"}),
    *(
        Case("threads.create", "400 param_illegal", body=body)
        for body in ({"name": "t"}, [], {**THREAD, "group_id": []})
    ),
    Case("threads.create", "403 group_error: the message", body=THREAD, given=[("POST", "/thread", THREAD)]),
    Case("threads.create", "403 group_error: the message", body=THREAD, settings=limits(threads=0)),
    Case("threads.create", "403 group_error: the message", body=THREAD, settings=limits(threads_per_user=0)),
    *(
        Case("threads.create", "404 group_error", body={**THREAD, **change})
        for change in ({"owner": "carl"}, {"owner": "zoe"}, {"msg_id": "1"}, {"msg_id": "x"}, {"group_id": "1"})
    ),
    Case("threads.update", "400 group_error", "{thread}", {"name": "x" * 65}),
    Case("threads.list_joined", "404 service_resource_not_found", "zoe"),
    Case("threads.list_joined_in_group", "404 service_resource_not_found", "1 bob"),
    Case("threads.list_joined_in_group", "404 service_resource_not_found", "{group} zoe"),
    *(
        Case(
            f"thread_members.{name}",
            "400 group_error",
            "{thread}",
            {"usernames": [f"u{number}" for number in range(11)]},
        )
        for name in ("add", "remove")
    ),
    Case(
        "thread_members.add",
        "403 group_error: a user",
        "{thread}",
        NAMES,
        settings=limits(threads_per_user=1),
        given=[("POST", "/thread", {**THREAD, "msg_id": "{second_group_message}", "owner": "bob"})],
    ),
    # reactions
    Case(
        "reactions.add",
        "400 Bad Request: the same user",
        "bob",
        {"msgId": "{message}", "message": "a"},
        given=[("POST", "/reaction/user/bob", {"msgId": "{message}", "message": "a"})],
        says="the user is already operation this message",
    ),
    Case(
        "reactions.add",
        "400 Bad Request: the message has 20",
        "bob",
        {"msgId": "{message}", "message": "a"},
        given=[
            ("POST", "/reaction/user/anna", {"msgId": "{message}", "message": f"e{number}"}) for number in range(20)
        ],
        says="The quantity has exceeded the limit!",
    ),
    *(
        Case(
            "reactions.add",
            "400 Bad Request: the user is no party",
            name,
            {"msgId": f"{{{message}}}", "message": "a"},
            says="the user operation is illegal!",
        )
        for name, message in (
            ("carl", "message"),
            ("carl", "group_message"),
            ("zoe", "message"),
            ("bob", "room_message"),
        )
    ),
    Case(
        "reactions.list",
        "400 Bad Request: more than 20",
        "bob",
        query=f"msgType=chat&msgIdList={','.join(map(str, range(21)))}",
        says="msgIdList exceeds the maximum number limit",
    ),
    Case(
        "reactions.list",
        "400 Bad Request: msgType groupchat",
        "bob",
        query="msgType=groupchat&msgIdList=1",
        says="groupId can not be null!",
    ),
    Case(
        "reactions.remove",
        "400 Bad Request: the user has not",
        "bob",
        query="msgId={message}&message=a",
        given=[("POST", "/reaction/user/anna", {"msgId": "{message}", "message": "a"})],
        says="the user operation is illegal!",
    ),
    Case(
        "reactions.get_detail",
        "400 Bad Request: limit above 50",
        "bob",
        query="msgId=1&message=a&limit=51",
        says="Limit exceeds the maximum quantity limit",
    ),
]
REASONS: dict[str, str] = {}


@each(CASES)
async def test_a_documented_error(case, connect, clock):
    await produce(case, connect(enforce_quotas=False, **case.settings), clock.advance)


def test_every_documented_error_is_produced_or_explained():
    assert missing(GROUPS, CASES, REASONS) == []
    assert [case for case in CASES if len(case.documented) != 1] == []
    assert {endpoint.partition(".")[0] for endpoint in ENDPOINTS} >= GROUPS
