"""Of a divided call, what became of each of its items: for every operation that takes a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from agora_chat_async import NewUser, errors
from agora_chat_async._endpoint import Endpoint
from agora_chat_async._split import Part, divisible
from agora_chat_async.api import all_endpoints

NAMES = ["anna", "ben", "cleo"]
DIVISIBLE = {endpoint.id: endpoint for endpoint in all_endpoints() if divisible(endpoint)}

Case = tuple[Any, Callable[[Any], Any], list[tuple[bool, str | None, Any]]]
"""The answer, what to look at of an item's entry, and for each item: was it done, why not, and what is seen there."""

UNTOLD = (False, None, None)


def seen(*shown: Any, sparse: bool = False) -> list[tuple[bool, str | None, Any]]:
    return [(sparse or each is not None, None, each) for each in shown]


def changes(**members: object) -> Any:
    """Answer in another order than asked, of one nothing, and of one a failure."""
    return [{"user": "ben", "result": False, "reason": "no", **members}, {"user": "anna", "result": True}]


def user(entry: Any) -> Any:
    return entry.user


def key(entry: Any) -> Any:
    return entry.item_key


def itself(entry: Any) -> Any:
    return entry


CHANGES: Case = ({"data": changes()}, user, [(True, None, "anna"), (False, "no", "ben"), UNTOLD])
MUTES: Case = ({"data": changes(expire=1)}, user, [(True, None, "anna"), (False, None, "ben"), UNTOLD])
ADDED: Case = ({"data": {"newmembers": ["cleo", "anna"]}}, itself, seen("anna", None, "cleo"))
SENT: Case = ({"data": {"cleo": "2", "anna": "1"}}, itself, seen("1", None, "2"))
ALL: Case = ({"data": {"result": "ok"}}, itself, seen(None, None, None, sparse=True))
DETAILS: Case = ({"data": [{"id": "cleo"}, {"id": "anna"}]}, key, seen("anna", None, "cleo"))
PRESENT: Case = ({"result": [{"uid": "cleo"}, {"uid": "anna"}]}, key, seen("anna", None, "cleo"))
ATTRIBUTES: Case = (
    {"data": {"successKeys": ["anna"], "errorKeys": {"ben": "not yours"}}},
    key,
    [(True, None, "anna"), (False, "not yours", "ben"), UNTOLD],
)
LABELLED: Case = (
    {"data": {"success": ["anna"], "fail": {"ben": "unknown"}}},
    key,
    [(True, None, "anna"), (False, "unknown", "ben"), UNTOLD],
)
FOUND: Case = ({"data": {"cleo": {"a": "1"}}}, itself, seen(None, None, {"a": "1"}, sparse=True))

CASES: dict[str, Case] = {
    "users.create_many": (
        {
            "entities": [{"username": "cleo"}, {"username": "anna"}],
            "data": [{"username": "ben", "registerUserFailReason": "the ben already exists"}],
        },
        lambda entry: entry.username,
        [(True, None, "anna"), (False, "the ben already exists", "ben"), (True, None, "cleo")],
    ),
    "users.get_online_status_many": (
        {"data": [{"cleo": "online"}, {"anna": "away"}]},
        itself,
        seen("away", None, "online"),
    ),
    "contacts.block_users": ({"data": ["cleo", "anna"]}, itself, seen("anna", None, "cleo")),
    "user_attributes.get_many": FOUND,
    "group_members.get_attributes_of_many": FOUND,
    "room_attributes.get": ({"data": {"cleo": "x"}}, itself, seen(None, None, "x", sparse=True)),
    "presence.subscribe": PRESENT,
    "presence.get_status": PRESENT,
    "presence.unsubscribe": ALL,
    "thread_members.add": ALL,
    "messages.send_to_users": SENT,
    "messages.send_to_chatgroups": SENT,
    "messages.send_to_chatrooms": SENT,
    "groups.get": DETAILS,
    "rooms.get": DETAILS,
    "group_members.add_many": ADDED,
    "room_members.add_many": ADDED,
    "thread_members.remove": (
        {"entities": changes()},
        user,
        [(True, None, "anna"), (False, None, "ben"), UNTOLD],
    ),
    "reactions.list": ({"data": [{"msgId": "cleo"}, {"msgId": "anna"}]}, key, seen("anna", None, "cleo")),
    "push.send_to_users": (
        {"data": [{"id": "cleo", "pushStatus": "FAIL", "desc": "no device"}, {"id": "anna", "pushStatus": "SUCCESS"}]},
        key,
        [(True, None, "anna"), UNTOLD, (False, "no device", "cleo")],
    ),
    "push_labels.add_users": LABELLED,
    "push_labels.remove_users": LABELLED,
    **dict.fromkeys(
        ["room_attributes.set", "room_attributes.remove", "room_attributes.force_set", "room_attributes.force_remove"],
        ATTRIBUTES,
    ),
    **dict.fromkeys(["group_mutes.mute", "group_mutes.unmute", "room_mutes.mute", "room_mutes.unmute"], MUTES),
    **dict.fromkeys(
        [
            "group_allowlist.add_many",
            "group_allowlist.remove",
            "group_blocks.add_many",
            "group_blocks.remove_many",
            "group_members.remove_many",
            "room_allowlist.add_many",
            "room_allowlist.remove",
            "room_blocks.add_many",
            "room_blocks.remove_many",
            "room_members.remove_many",
        ],
        CHANGES,
    ),
}


def part(endpoint: Endpoint, body: object) -> Part[Any]:
    items: list[Any] = [NewUser(name) for name in NAMES] if endpoint.id == "users.create_many" else NAMES
    return Part(items, endpoint.decode(orjson.dumps(body))[0], sparse=endpoint.sparse)


def test_every_list_that_can_be_divided_is_here() -> None:
    """What is added to the declarations is added here."""
    assert CASES.keys() == DIVISIBLE.keys()


@pytest.mark.parametrize("name", CASES)
def test_each_item_has_its_own_outcome(name: str) -> None:
    """Whatever the order of the answer: its own entry, whether it was done, and why not."""
    body, look, expected = CASES[name]
    told = part(DIVISIBLE[name], body).by_item()
    assert [(one.ok, one.reason, one.result and look(one.result)) for one in told] == expected
    assert all(one.error is None for one in told)


def test_the_error_of_a_call_is_that_of_its_items() -> None:
    """And then nothing else is told of them."""
    error = errors.NotFound(status=404)
    told = Part[None](NAMES, error=error).by_item()
    assert [(one.item, one.result, one.ok, one.reason, one.error) for one in told] == [
        (name, None, False, None, error) for name in NAMES
    ]


def test_entries_without_names_are_taken_in_order() -> None:
    """Where there is one for each item."""
    push = DIVISIBLE["push.send_to_users"]
    nameless = [{"pushStatus": "SUCCESS"}, {"pushStatus": "FAIL", "desc": "x"}, {"pushStatus": "SUCCESS"}]
    assert [one.ok for one in part(push, {"data": nameless}).by_item()] == [True, False, True]
    assert [one.ok for one in part(push, {"data": nameless[:2]}).by_item()] == [False] * 3


def test_an_item_that_is_given_twice_is_told_of_twice() -> None:
    """The answer has one entry for both."""
    endpoint = DIVISIBLE["messages.send_to_users"]
    result = endpoint.decode(b'{"data":{"anna":"1"}}')[0]
    assert [one.result for one in Part(["anna", "anna"], result).by_item()] == ["1", "1"]
