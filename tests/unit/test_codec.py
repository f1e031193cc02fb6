import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import pytest
from attrs import fields, frozen
from cattrs import override
from hypothesis import example, given
from hypothesis import strategies as st

from agora_chat_async import content
from agora_chat_async._codec import from_dict, inline, structure_hook, to_dict
from agora_chat_async._json import MAX_DEPTH, decode, encode, parse
from agora_chat_async._reading import picker
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models import messages, users
from agora_chat_async.models._base import Model
from agora_chat_async.models.messages import ChatType, RecallResult
from agora_chat_async.models.users import NewUser, PushInfo, Registration, User

ANNA = {"uuid": "8ea0", "type": "user", "created": 1542795196504, "username": "anna", "activated": True}
MODELS = [
    value
    for module in (users, messages)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Model) and value is not Model
]
CONTENTS = [
    getattr(content, name)
    for name in ("Text", "Image", "Voice", "Video", "File", "Location", "Command", "Custom", "ImageSize")
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53 + 1, 2**64, 10**400, "1542795196504", "chat", "true", "0", "1e3", math.inf])
    | st.floats()
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


class Colour(StrEnum):
    RED = "red"


@frozen(kw_only=True)
class Thing(Model):
    """One field of each kind that models use."""

    id: str
    size: int | None = None
    ratio: float | None = None
    on: bool | None = None
    colour: Annotated[Colour | str | None, override(rename="Colour")] = None
    names: Sequence[str] = ()
    inner: User | None = None
    table: Mapping[str, int] | None = None
    place: str | float | None = None


def wire_names(cls: type[Any]) -> list[str]:
    names = dict[str, Any]()
    for attribute in fields(cls):
        mark = getattr(attribute.type, "__metadata__", (None,))[0]
        names[getattr(mark, "rename", None) or attribute.name] = None
    names.pop("extra", None)
    return list(names)


def says_nothing(member: object) -> bool:
    """An empty list or mapping says as little as null, and so does one of nulls."""
    if isinstance(member, dict):
        return all(map(says_nothing, member.values()))
    return member is None or (isinstance(member, list) and all(map(says_nothing, member)))


def objects(cls: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    own = st.fixed_dictionaries({}, optional=dict.fromkeys(wire_names(cls), json_values))
    unknown = st.dictionaries(st.text(max_size=8) | st.sampled_from(["extra", "self", "from"]), json_values, max_size=3)
    return st.builds(lambda first, second: {**second, **first}, own, unknown)


def drawn_from(classes: Sequence[type[Any]]) -> st.SearchStrategy[tuple[type[Any], dict[str, Any]]]:
    return st.sampled_from(classes).flatmap(lambda cls: st.tuples(st.just(cls), objects(cls)))


@given(drawn_from([*MODELS, Thing, *CONTENTS, NewUser]))
@example((Thing, {"id": "1", "ratio": 10**400}))
@example((content.Location, {"lat": 52, "lng": "13.4", "addr": "Berlin"}))
def test_any_object_decodes_or_is_refused(drawn: tuple[type[Any], dict[str, Any]]) -> None:
    """Whatever members are missing, null or of another type: a value or a TypeError or ValueError, nothing else."""
    cls, data = drawn
    try:
        value = from_dict(data, cls)
    except (TypeError, ValueError):
        return
    assert isinstance(value, cls)
    repr(value)


@given(drawn_from([*MODELS, Thing]))
def test_nothing_the_service_sends_is_lost(drawn: tuple[type[Any], dict[str, Any]]) -> None:
    """What a field cannot hold and what no field names is kept, and written back as it came."""
    cls, data = drawn
    try:
        value = from_dict(data, cls)
    except (TypeError, ValueError):
        return
    written = to_dict(value)
    known = wire_names(cls)
    for name, member in data.items():
        if name not in known:
            assert name in written
            assert repr(written[name]) == repr(member)
        elif member is not None and name not in written:
            assert says_nothing(member)
    again = from_dict(written, cls)
    assert repr(again) == repr(value)
    assert repr(again.extra) == repr(value.extra)


@given(drawn_from([*MODELS, Thing]))
def test_only_the_key_can_spoil_an_object(drawn: tuple[type[Any], dict[str, Any]]) -> None:
    """An object whose key is sound decodes, whatever the rest of it is."""
    cls, data = drawn
    required = {"username": "anna", "id": "1", "url": "https://h/f", "msg_id": "1", "type": "txt"}
    sound = {name: value for name, value in required.items() if name in wire_names(cls)}
    value = from_dict({**data, **sound}, cls)
    for name, text in sound.items():
        if name in {attribute.name for attribute in fields(cls) if attribute.default is not None}:
            assert getattr(value, name) == text


def test_decodes_a_user() -> None:
    """Members become fields, missing ones None, unknown ones extra; moments are aware."""
    user = from_dict({**ANNA, "modified": None, "pushInfo": [{"device_Id": "d"}], "colour": "red"}, User)
    assert (user.username, user.uuid, user.activated, user.nickname, user.modified_at) == (
        "anna",
        "8ea0",
        True,
        None,
        None,
    )
    assert user.push_info == (PushInfo(device_id="d"),)
    assert user.extra == {"colour": "red"}
    assert user.created_at is not None
    assert user.created_at.isoformat() == "2018-11-21T10:13:16.504000+00:00"


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("id", 1231231231231231231, "1231231231231231231"),
        ("id", "007", "007"),
        ("size", "42", 42),
        ("size", 42.0, 42),
        ("size", 2**63, 2**63),
        ("ratio", "0.5", 0.5),
        ("ratio", 2, 2.0),
        ("on", "TRUE", True),
        ("on", 0, False),
        ("Colour", "red", Colour.RED),
        ("Colour", "blue", "blue"),
        ("names", None, ()),
        ("names", ["a", None, 1], ("a", "1")),
        ("names", {}, ()),
        ("table", {"a": "1", "b": None}, {"a": 1}),
        ("table", [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ("table", [], {}),
        ("inner", [{"username": "anna"}], User(username="anna")),
        ("place", 52, 52),
        ("place", "52.5", "52.5"),
    ],
)
def test_numbers_and_text_stand_in_for_each_other(member: str, value: object, expected: object) -> None:
    """The service mixes them; a field has the type that it declares."""
    thing = from_dict({"id": "1", member: value}, Thing)
    got = getattr(thing, member.lower())
    assert got == expected
    assert type(got) is type(expected)
    assert thing.extra == {}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("size", "many"),
        ("size", 1.5),
        ("size", True),
        ("size", [1]),
        ("ratio", {}),
        ("on", "maybe"),
        ("Colour", ["red"]),
        ("names", "a"),
        ("inner", {"uuid": "no key"}),
        ("table", [1]),
        ("table", [{"a": 1}, {"a": 2}]),
        ("inner", [{"username": "anna"}, {"username": "ben"}]),
        ("place", True),
    ],
)
def test_a_member_of_a_wrong_type_goes_to_extra(member: str, value: object) -> None:
    """One odd member does not spoil the object, and can still be read."""
    thing = from_dict({"id": "1", "size": 7, member: value}, Thing)
    assert thing.extra == {member: value}
    assert thing.id == "1"
    assert thing.size == (None if member == "size" else 7)


def test_misfits_and_unknown_members_are_kept_together() -> None:
    """An object may have both."""
    thing = from_dict({"id": "1", "size": "many", "new": 1}, Thing)
    assert thing.extra == {"size": "many", "new": 1}
    assert to_dict(thing) == {"id": "1", "size": "many", "new": 1}


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": []}, {"id": True}, [], None, "1", 1])
def test_an_object_without_its_key_is_refused(data: object) -> None:
    """Without its key an object is useless, and the error says so."""
    with pytest.raises((TypeError, ValueError), match=r"id|Thing|text"):
        from_dict(data, Thing)


def test_open_enums_compare_with_text() -> None:
    """Known values are members, unknown ones plain text, and both equal their text."""
    assert from_dict({"chattype": "groupchat"}, RecallResult).chat_type is ChatType.GROUPCHAT
    assert from_dict({"chattype": "groupchat"}, RecallResult).chat_type == "groupchat"
    assert from_dict({"chattype": "thread"}, RecallResult).chat_type == "thread"


def test_registration_tells_created_and_failed() -> None:
    """Both halves of a batch's answer are read, and the rest of the envelope kept."""
    body = {"entities": [ANNA], "data": [{"username": "bob", "registerUserFailReason": "the bob already exists"}]}
    result = from_dict({**body, "action": "post"}, Registration)
    assert [user.username for user in result.created] == ["anna"]
    assert [(failure.username, failure.already_exists) for failure in result.failed] == [("bob", True)]
    assert result.extra == {"action": "post"}
    assert to_dict(result) == {**body, "action": "post"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (content.Text("hi"), {"type": "txt", "msg": "hi"}),
        (content.Text("hi", extra={"x": 1}), {"type": "txt", "msg": "hi", "x": 1}),
        (
            content.Image("u", "f", "s", content.ImageSize(4, 3), 9),
            {
                "type": "img",
                "url": "u",
                "filename": "f",
                "secret": "s",
                "size": {"width": 4, "height": 3},
                "file_length": 9,
            },
        ),
        (content.Voice("u", length=3), {"type": "audio", "url": "u", "length": 3}),
        (content.Video("u", thumb="t"), {"type": "video", "url": "u", "thumb": "t"}),
        (content.File("u", "f"), {"type": "file", "url": "u", "filename": "f"}),
        (content.Location("52.5", 13.4, "Berlin"), {"type": "loc", "lat": "52.5", "lng": 13.4, "addr": "Berlin"}),
        (content.Command("jump", {"to": 1}), {"type": "cmd", "action": "jump", "param": {"to": 1}}),
        (
            content.Custom("order", {"id": "7"}),
            {"type": "custom", "customEvent": "order", "customExts": {"id": "7"}},
        ),
    ],
)
def test_content_on_the_wire(value: Any, expected: dict[str, Any]) -> None:
    """Each kind of content is written by its wire names, without what was not given."""
    assert inline(value) == expected
    assert from_dict({name: member for name, member in expected.items() if name != "type"}, type(value)) == value


def test_secrets_are_not_shown() -> None:
    """Passwords, device tokens and share-secrets stay out of reprs."""
    values = [NewUser("anna", "hunter2"), content.Image("u", secret="hunter2"), PushInfo(device_token="hunter2")]
    assert "hunter2" not in repr(values)


ENVELOPE = {"entities": [{"username": "anna"}], "data": {"anna": "online"}, "msgs": [7], "cursor": "c"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("entities.0", {"username": "anna"}),
        ("entities.0.username", "anna"),
        ("data.*", "online"),
        ("nothing|msgs.0", 7),
        ("cursor|msgs", "c"),
    ],
)
def test_picks_the_useful_part(path: str, expected: object) -> None:
    """A path goes down by member and index, `*` into the only member, `|` to the first that is there."""
    assert picker(path)(ENVELOPE) == expected


@pytest.mark.parametrize("path", ["nothing", "entities.1", "entities.name", "cursor.x", "msgs.*", "a|b"])
@pytest.mark.parametrize("envelope", [ENVELOPE, [], None, "text", 7, {"entities": [], "msgs": {"a": 1, "b": 2}}])
def test_says_what_is_missing(path: str, envelope: object) -> None:
    """An answer without the part is told by the part's path."""
    with pytest.raises(ValueError, match="the answer has no"):
        picker(path)(envelope)


@given(json_values)
def test_parse_reads_what_encode_writes(value: object) -> None:
    """Data survives the way to the wire and back, and what JSON cannot hold is refused."""
    try:
        body = encode(value)
    except InvalidArgument:
        return
    assert encode(parse(body)) == body


def test_ids_are_exact() -> None:
    """Whatever its length, an id that comes as a number is the text of that number."""
    hook = structure_hook(Thing)

    def read(data: object) -> Thing:
        return hook(data, Thing)  # type: ignore[no-any-return]

    for number in (2**53 + 1, 2**63, 2**64 - 1, 2**64 + 1, -(2**63) - 1, 10**300 + 7):
        body = b'{"id": %d, "ratio": 1e30, "names": [%d]}' % (number, number)
        thing = decode(body, read)
        assert (thing.id, thing.names, thing.ratio, thing.extra) == (str(number), (str(number),), 1e30, {})
    assert decode(b'{"id": 1e30}', read).id == "1e+30"
    assert from_dict({"id": 1e30}, Thing).id == "1e+30"


def test_a_misfit_is_logged_once_without_its_value(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody may want to know that the service changed, but not what it said."""

    @frozen(kw_only=True)
    class Fresh(Model):
        size: int | None = None

    for _ in range(3):
        from_dict({"size": "hunter2"}, Fresh)
    assert [record.getMessage() for record in caplog.records] == ["Fresh: 'size' is a str, kept in extra; told once"]


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_limited(depth: int, opening: bytes, closing: bytes) -> None:
    """What is deeper than anything that can be sent again is refused as other wrong JSON is."""
    body = opening * depth + b"1" + closing * depth
    if depth > MAX_DEPTH:
        with pytest.raises(ValueError, match=r"deep|depth"):
            parse(body)
    else:
        assert encode(parse(body)) == body
    assert parse(b"[" + b"[1]," * 1000 + b"1]")


@given(st.binary())
@example(b"")
@example(b"<html>502</html>")
@example(b"[" * 100_000)
@example(b'"\xff"')
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    """Any bytes can come back from a gateway."""
    try:
        parse(body)
    except ValueError as error:
        assert str(error)
