"""What is made of answers that are not quite what the service documents.

tests/answers.json holds an answer of each operation, with all documented members. Here every part of every answer is
dropped, nulled and given other types and values.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import orjson
import pytest
from attrs import NOTHING, fields
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_chat_async import Download, Page, from_dict, to_dict
from agora_chat_async._endpoint import Endpoint
from agora_chat_async._reading import picker
from agora_chat_async.api import all_endpoints
from agora_chat_async.models._base import Model

ANSWERS: Final[Mapping[str, Any]] = json.loads(Path(__file__).parent.with_name("answers.json").read_text())
ENDPOINTS: Final = {endpoint.id: endpoint for endpoint in all_endpoints() if endpoint.id in ANSWERS}
each_operation = pytest.mark.parametrize("name", ANSWERS)

Place = tuple[str | int, ...]
"""How to go from an envelope down to one of its parts."""

UNPICKED: Final = {"files.upload": "entities.0", "push_labels.get_user": "data"}
"""Where the result lies of operations that need the whole envelope to read it."""

DROP: Final = object()
ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    2**53 + 1,
    2**64 - 1,
    1.5,
    1e300,
    "",
    "7",
    "new in 2030",
    "\ud7ff\u0000",
    [],
    {},
    [1],
    ["a"],
)
ODDER: Final[tuple[Any, ...]] = (
    {"zz": 1},
    [{"zz": 1}],
    [None],
    {"zz": None},
    [[[]]],
    {"zz": {"zz": []}},
    [{"zz": 1}, {"zz": 2}],
    DROP,
)


def places(part: Any, place: Place = ()) -> Iterator[Place]:
    """Give every part of an answer but the whole."""
    members = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, member in members:
        yield (*place, name)
        yield from places(member, (*place, name))


def changed(envelope: Any, place: Place, value: object) -> Any:
    """Copy an answer with one part of it replaced, or dropped."""
    new = copy.deepcopy(envelope)
    part = new
    for step in place[:-1]:
        part = part[step]
    if value is DROP:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return new


def decoded(name: str, envelope: Any) -> Any:
    """Read an answer; None where it is refused, in the one way that becomes a DecodeError."""
    try:
        result, whole = ENDPOINTS[name].decode(orjson.dumps(envelope))
    except ValueError as error:
        assert str(error)
        return None
    assert whole == envelope
    repr(result)
    return result


def items_of(result: Any) -> Any:
    return list(result.items) if isinstance(result, Page) else result


def model_of(endpoint: Endpoint) -> type[Model] | None:
    """Give the class of a result, or of the entries of a list."""
    item = endpoint.reading.item
    (kind, *_) = [kind for kind in get_args(item) if kind is not type(None)] or [item]
    return kind if isinstance(kind, type) and issubclass(kind, Model) else None


def wire_name(attribute: Any) -> str:
    return str(getattr(getattr(attribute.type, "__metadata__", (None,))[0], "rename", None) or attribute.name)


def keys_of(cls: type[Model]) -> set[str]:
    return {wire_name(attribute) for attribute in fields(cls) if attribute.default is NOTHING}


def payload_place(endpoint: Endpoint) -> Place:
    """Tell where the result lies in the documented answer."""
    for way in UNPICKED.get(endpoint.id, endpoint.pick).split("|"):
        place: Place = ()
        part = ANSWERS[endpoint.id]
        try:
            for step in way.split(".") if way else ():
                place = (*place, next(iter(part)) if step == "*" else int(step) if step.isdigit() else step)
                part = part[place[-1]]
        except (LookupError, TypeError):
            continue
        return place
    raise AssertionError(endpoint.id)


def is_vital(name: str, place: Place) -> bool:
    """Whether the result may hang on this part: on its way to the payload, a key, or the next cursor."""
    endpoint = ENDPOINTS[name]
    payload, cursor = payload_place(endpoint), tuple(endpoint.reading.next_page.split("|")[0].split("."))
    if place == payload[: len(place)] or (endpoint.reading.is_page and place == cursor[: len(place)]):
        return True
    if place[: len(payload)] != payload:
        return False
    cls = model_of(endpoint)
    if cls is None:
        return True  # a bare list, mapping or value has no place where else to put it
    inside = place[len(payload) :]
    if isinstance(inside[0], int):
        inside = inside[1:]
    keys = keys_of(cls) | ({"owner", "member"} if "role" in {attribute.name for attribute in fields(cls)} else set())
    return not inside or inside[0] in keys


def leaves(part: Any) -> Iterator[Any]:
    """Give what an answer says, without names and without what says nothing."""
    if isinstance(part, Mapping):
        for member in part.values():
            yield from leaves(member)
    elif isinstance(part, list | tuple):
        for member in part:
            yield from leaves(member)
    elif part is not None:
        yield as_said(part)


def as_said(value: Any) -> Any:
    """Read what is equal in different types as the same."""
    text = str(value).lower()
    if text in {"true", "false"}:
        return int(text == "true")
    for read in (int, float):
        try:
            number = read(text)
        except ValueError:
            continue
        return text if number != number else number  # noqa: PLR0124 - the text "nan" is no number, and equals itself
    return text


def assert_nothing_lost(name: str, envelope: Any, result: Any) -> None:
    endpoint = ENDPOINTS[name]
    if model_of(endpoint) is None or (endpoint.reading.rearrange is not None and name != "groups.get"):
        return
    said = picker(endpoint.pick)(envelope) if endpoint.pick else envelope
    if name == "groups.get":
        said = [group for group in said or () if isinstance(group, dict) and "id" in group]
    missing = Counter(leaves(said)) - Counter(leaves(to_dict(items_of(result))))
    assert not missing


def test_every_operation_has_an_answer() -> None:
    """Only downloads have none."""
    downloads = {e.id for e in all_endpoints() if e.signature.return_annotation is Download}
    assert {endpoint.id for endpoint in all_endpoints()} == ANSWERS.keys() | downloads


@each_operation
def test_the_documented_answer_is_read(name: str) -> None:
    """All of it, without a misfit."""
    result = decoded(name, ANSWERS[name])
    assert_nothing_lost(name, ANSWERS[name], result)
    assert (result is None) == (ENDPOINTS[name].signature.return_annotation is type(None))


@each_operation
def test_each_part_of_an_answer_can_be_odd(name: str) -> None:
    """Dropped, nulled or anything else: a result that keeps what was said, or a refusal where a vital part is odd."""
    for place in places(ANSWERS[name]):
        for value in (*ODD, *ODDER):
            envelope = changed(ANSWERS[name], place, value)
            result = decoded(name, envelope)
            if result is not None:
                assert_nothing_lost(name, envelope, result)
            elif ENDPOINTS[name].signature.return_annotation is not type(None):
                assert is_vital(name, place), (place, value)


@each_operation
def test_unknown_members_are_kept_where_they_were(name: str) -> None:
    """In `extra` of the object that had them, and they are written back."""
    endpoint = ENDPOINTS[name]
    cls = model_of(endpoint)
    payload = payload_place(endpoint)
    for place in ((), *places(ANSWERS[name])):
        envelope = copy.deepcopy(ANSWERS[name])
        part = envelope
        for step in place:
            part = part[step]
        if not isinstance(part, dict):
            continue
        part["zz new"] = {"zz": [1, None]}
        result = decoded(name, envelope)
        if cls is not None and place[: len(payload)] == payload:
            assert str(to_dict(items_of(result))).count("'zz new': {'zz': [1, None]}") == 1, place
        elif isinstance(result, Page) and place != payload:
            assert "zz new" in str(result.extra)


@each_operation
def test_what_was_read_is_written_and_read_again(name: str) -> None:
    """A result, made JSON and read by its class, is the same result."""
    cls = model_of(ENDPOINTS[name])
    if cls is None:
        return
    items = items_of(decoded(name, ANSWERS[name]))
    for item in items if isinstance(items, Sequence) else [items]:
        assert from_dict(orjson.loads(orjson.dumps(to_dict(item))), type(item)) == item


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_any_changes_to_any_answer(data: st.DataObject) -> None:
    """Several changes at once: a result that keeps what was said, or a refusal."""
    name = data.draw(st.sampled_from([*ANSWERS]))
    envelope: Any = ANSWERS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        found = [*places(envelope)]
        if found:
            envelope = changed(envelope, data.draw(st.sampled_from(found)), data.draw(st.just(DROP) | JSON))
    result = decoded(name, envelope)
    if result is not None:
        assert_nothing_lost(name, envelope, result)


@each_operation
@pytest.mark.parametrize("envelope", [None, True, 7, "text", [], {}, [{}], [[]], {"data": None}, {"entities": [None]}])
def test_answers_of_another_kind(name: str, envelope: object) -> None:
    """Any JSON is a result or a refusal."""
    decoded(name, envelope)
