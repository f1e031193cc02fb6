from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from attrs import field, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from agora_chat_async._checks import (
    CUSTOM_EVENT,
    CUSTOM_EXTS,
    EXISTING_USER,
    ID,
    NICKNAME,
    PASSWORD,
    USERNAME,
    Check,
    Int,
    Items,
    OneOf,
    obeys,
    segment,
)
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.messages import ChatType

ANY_TEXT = st.text(st.characters(categories=None) | st.sampled_from("./%?#\\;\x00\n\ud800\udfff"))


@given(ANY_TEXT)
@example(".")
@example("..")
@example("a/../b")
@example("%2e%2e")
@example("\udc80")
def test_segment_is_one_segment_or_refused(value: str) -> None:
    """Whatever a name holds, it fills exactly one segment of the path and nothing but that."""
    try:
        encoded = segment("username", value)
    except InvalidArgument:
        return
    url = httpx.URL(f"https://h/o/a/users/{encoded}/status?limit=1")
    assert url.raw_path.decode().split("/") == ["", "o", "a", "users", encoded, "status?limit=1"]
    assert unquote(encoded, errors="strict") == value
    assert encoded not in {"", ".", ".."}


@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "\x00", "a\x7f", "\x9f", "\ud800", None, 7, b"a"])
def test_segment_refuses(value: object) -> None:
    """What would change the path, or is no text, is refused before it is sent."""
    with pytest.raises(InvalidArgument, match=r"^username="):
        segment("username", value)


@pytest.mark.parametrize("value", ["a", "...", "a b", "ä", "a/b", "a%2Fb", "~", "\xa0"])
def test_segment_takes_any_other_name(value: str) -> None:
    """Names of older apps are encoded, not refused."""
    assert unquote(segment("username", value)) == value


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (USERNAME, ["a", "0_.-z", "a" * 64], ["", "A", "a" * 65, "ä", "a b", "a\n", 7, None, b"a"]),
        (EXISTING_USER, ["A", "ä b", "a" * 64], ["", "a" * 65, 7, "\udc80"]),
        (PASSWORD, ["p", "ä" * 32, "\n"], ["", "ä" * 33, "a" * 65, "\ud800", 12345678]),
        (NICKNAME, ["n", "n" * 100, "ä" * 100], ["", "n" * 101]),
        (ID, ["1", "5I02W-XX-8278a"], ["", "x" * 257, 123]),
        (CUSTOM_EVENT, ["a-Z_0/.", "e" * 32], ["", "e" * 33, "a b"]),
        (CUSTOM_EXTS, [{}, {str(n): "" for n in range(16)}], [{str(n): "" for n in range(17)}, [], "a"]),
        (Int(1, 100), [1, 100], [0, 101, True, 1.0, "1", None]),
        (OneOf(("chat", "groupchat")), ["chat", ChatType.CHAT], ["chatroom", ChatType.CHATROOM, 1, ["chat"]]),
        (Items(2), [["a"], ("a", "b"), {"a"}], [[], ["a"] * 3, "ab", b"ab", {"a": 1}, iter("ab"), None]),
        (Items(2, least=0), [[]], [["a"] * 3]),
    ],
)
def test_rule(check: Check, good: list[Any], bad: list[Any]) -> None:
    """Each rule takes values up to its bounds and refuses those past them, by name and with the rule."""
    for value in good:
        sent = check("thing", value)
        assert sent == (list(value) if isinstance(check, Items) else value)
    for value in bad:
        with pytest.raises(InvalidArgument) as caught:
            check("thing", value)
        assert caught.value.argument == "thing"
        assert caught.value.rule


def test_enum_members_are_sent_as_plain_text() -> None:
    """JSON and comparison see text, not the enum."""
    assert type(OneOf(("chat",))("chat_type", ChatType.CHAT)) is str


def test_bad_item_is_named_by_its_place() -> None:
    """Of a long list the error tells which item is wrong."""
    with pytest.raises(InvalidArgument, match=r"^usernames\[1\]='A': text of 1 to 64 characters out of a-z"):
        Items(3, each=USERNAME)("usernames", ["a", "A"])


def test_rules_say_what_they_ask() -> None:
    """The rule's words have the bounds and characters in them."""
    assert USERNAME.rule.startswith("text of 1 to 64 characters out of a-z 0-9 _ - . (no upper case), and not '.' or")
    assert PASSWORD.rule == "text of 1 to 64 bytes"


@pytest.mark.parametrize("value", ["x" * 65, 12345678, "\ud800hunter2"])
def test_passwords_are_never_shown(value: object) -> None:
    """A refused password stays out of the error."""
    with pytest.raises(InvalidArgument) as caught:
        PASSWORD("password", value)
    assert str(value)[:3] not in str(caught.value)


def test_rules_hold_in_attrs_classes() -> None:
    """A class obeys a rule when made, and None means that the field is left out."""

    @frozen
    class Named:
        name: str | None = field(default=None, validator=obeys(USERNAME))

    assert Named().name is None
    assert Named("anna").name == "anna"
    with pytest.raises(InvalidArgument, match=r"^name='Anna'"):
        Named("Anna")
