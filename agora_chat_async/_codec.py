"""Between JSON and Python: one cattrs converter with the service's ways built in.

Members that no field names are kept in `extra`; missing and null members become None; numbers and text stand in for
each other where the service mixes them; unknown enum values stay plain text. A member of an undocumented type does
not spoil its object: it too goes to `extra`, unless it is the object's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin

import orjson
from attrs import NOTHING, Attribute, fields, frozen, has, resolve_types
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from agora_chat_async.errors import InvalidArgument

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_EXTRA: Final = "extra"


@frozen
class Form:
    """Fields that are sent as a form instead of as JSON."""

    fields: Mapping[str, Any]


def to_dict(value: Any) -> Any:
    """Write a model or content as the JSON-ready data that the service uses, `extra` included."""
    return _CONVERTER.unstructure(value)


def from_dict(data: Any, cls: type[T]) -> T:
    """Read the service's data as `cls`; the reverse of `to_dict`."""
    return _CONVERTER.structure(data, cls)


def structure_hook(cls: Any) -> Hook:
    """Return the function that reads data as `cls`; look it up once, call it often."""
    return _CONVERTER.get_structure_hook(cls)


def encode(value: Any) -> bytes:
    """Write data as JSON; `InvalidArgument` says what JSON cannot hold."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise InvalidArgument("body", type(value).__name__, f"values that JSON can hold ({error})") from None


def parse(body: bytes) -> Any:
    """Read JSON; a ValueError says where it is wrong."""
    return orjson.loads(body)


def inline(content: Any) -> dict[str, Any]:
    """Write a content as one object with its type and its fields side by side."""
    return {"type": content.type, **to_dict(content)}


def as_list(part: Any) -> Any:
    """Take a list as it is, and what the service answers alone as the list of it."""
    return [part] if isinstance(part, dict) else part


def succeeded(result: Any) -> bool:
    """Read a result that is told in a word, or by some versions of the service as true or false."""
    return str(result).lower() in {"success", "true"}


def renamed(names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Make the function that gives members other names."""

    def rename(members: Mapping[str, Any]) -> Mapping[str, Any]:
        return {names.get(name, name): member for name, member in members.items()}

    return rename


def picker(path: str) -> Callable[[Any], Any]:
    """Make the function that takes the useful part out of an envelope.

    `entities.0` goes down by member and index, `*` takes the only value of an object, and of two paths joined by `|`
    the first one that is there holds.
    """
    ways = [[int(step) if step.isdigit() else step for step in way.split(".") if step] for way in path.split("|")]

    def pick(envelope: Any) -> Any:
        for way in ways:
            part = envelope
            try:
                for step in way:
                    part = _only_value(part) if step == "*" else part[step]
            except (LookupError, TypeError):
                continue
            return part
        raise ValueError(f"the answer has no {path}")

    return pick


def _only_value(part: Any) -> Any:
    if not isinstance(part, dict) or len(cast("dict[str, Any]", part)) != 1:
        raise LookupError("not an object of one member")
    return next(iter(cast("dict[str, Any]", part).values()))


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"expected text, got {type(value).__name__}")


def _whole(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise TypeError(f"expected a whole number, got {type(value).__name__}")


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("a number too large for a float") from None
    raise TypeError(f"expected a number, got {type(value).__name__}")


_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


def _truth(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _TRUTH[str(value).lower()]
    except KeyError:
        raise TypeError(f"expected true or false, got {type(value).__name__}") from None


def _is_union(cls: Any) -> bool:
    return get_origin(cls) in {Union, UnionType}


def _union_hook(cls: Any) -> Hook:
    members = [member for member in get_args(cls) if member is not NoneType]
    enums = [member for member in members if isinstance(member, type) and issubclass(member, StrEnum)]
    optional = NoneType in get_args(cls)
    if enums and str in members:
        read = _open_enum_hook(enums[0])
    elif len(members) == 1:
        read = structure_hook(members[0])
    else:
        read = _one_of_hook(tuple(members))

    def union(value: Any, _: Any) -> Any:
        return None if value is None and optional else read(value, members[0])

    return union


def _open_enum_hook(enum: type[StrEnum]) -> Hook:
    known = {member.value: member for member in enum}

    def open_enum(value: Any, _: Any) -> str:
        text = _text(value, str)
        return known.get(text, text)

    return open_enum


def _one_of_hook(members: tuple[type, ...]) -> Hook:
    # JSON writes some floats without a fraction, and what is true or false is no number.
    accepted = (*members, int) if float in members else members

    def one_of(value: Any, _: Any) -> Any:
        if isinstance(value, accepted) and not isinstance(value, bool):
            return value
        raise TypeError(f"unexpected {type(value).__name__}")

    return one_of


def _is_sequence(cls: Any) -> bool:
    return get_origin(cls) is Sequence


def _sequence_hook(cls: Any) -> Hook:
    (item,) = get_args(cls)
    read = structure_hook(item)

    def sequence(value: Any, _: Any) -> Any:
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise TypeError(f"expected a list, got {type(value).__name__}")
        return tuple([read(entry, item) for entry in cast("Sequence[Any]", value)])

    return sequence


def _wire_name(cls: Any, attribute: Attribute[Any]) -> str:
    if get_origin(attribute.type) is Annotated:
        for mark in get_args(attribute.type)[1:]:
            if getattr(mark, "rename", None):
                return str(mark.rename)
    if getattr(cls, "wire_in_camel_case", False):
        first, *others = attribute.name.split("_")
        return first + "".join(word.capitalize() for word in others)
    return attribute.name


def _options(cls: Any) -> dict[str, Any]:
    """Tell cattrs of each field that has another name on the wire, and to leave `extra` alone."""
    names = {attribute.name: _wire_name(cls, attribute) for attribute in fields(cls) if attribute.name != _EXTRA}
    options: dict[str, Any] = {name: override(rename=wire) for name, wire in names.items() if name != wire}
    return {**options, _EXTRA: override(omit=True)} if len(names) < len(fields(cls)) else options


def _model_hook(cls: Any, converter: Converter) -> Hook:
    resolve_types(cls)
    attributes = [attribute for attribute in fields(cls) if attribute.name != _EXTRA]
    by_wire_name = {_wire_name(cls, attribute): attribute for attribute in attributes}
    known = by_wire_name.keys()
    keeps_extra = len(attributes) < len(fields(cls))
    read_all: Hook = make_dict_structure_fn(cls, converter, _cattrs_detailed_validation=False, **_options(cls))

    def read_singly(data: Mapping[str, Any]) -> Any:
        """Read field by field; what does not fit and is not the key is left to `extra`."""
        values, misfits = dict[str, Any](), dict[str, Any]()
        for wire_name, attribute in by_wire_name.items():
            if wire_name in data:
                try:
                    values[attribute.alias] = converter.structure(data[wire_name], attribute.type)
                except (TypeError, ValueError, LookupError, AttributeError):
                    if attribute.default is NOTHING or not keeps_extra:
                        raise
                    misfits[wire_name] = data[wire_name]
        return cls(**values, **({_EXTRA: misfits} if keeps_extra else {}))

    def model(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object for {cls.__name__}, got {type(value).__name__}")
        data = cast("dict[str, Any]", value)
        try:
            instance = read_all(data, cls)
        except KeyError as error:
            raise ValueError(f"{cls.__name__} without {error}") from None
        except (TypeError, ValueError, LookupError, AttributeError):
            instance = read_singly(data)
        if keeps_extra and not data.keys() <= known:
            # The instance is frozen for everyone else; it is new, and filling `extra` later spares a copy of it.
            unknown = {name: member for name, member in data.items() if name not in known}
            object.__setattr__(instance, _EXTRA, {**instance.extra, **unknown})
        return instance

    return model


def _model_unhook(cls: Any, converter: Converter) -> Callable[[Any], Any]:
    resolve_types(cls)
    keeps_extra = any(attribute.name == _EXTRA for attribute in fields(cls))
    write = make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, **_options(cls))

    def model(instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = write(instance)
        return {**data, **instance.extra} if keeps_extra and instance.extra else data

    return model


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    for cls, hook in ((str, _text), (int, _whole), (float, _number), (bool, _truth)):
        converter.register_structure_hook(cls, hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    converter.register_structure_hook_factory(_is_sequence, _sequence_hook)
    converter.register_structure_hook_factory(has, _model_hook)
    converter.register_unstructure_hook_factory(has, _model_unhook)
    return converter


_CONVERTER: Final = _make_converter()
