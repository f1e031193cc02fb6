"""Between JSON and Python: one cattrs converter with the service's ways built in.

Members that no field names are kept in `extra`; missing and null members become None, and null entries of lists and
mappings are left out; numbers and text stand in for each other where the service mixes them, and so do an object and
a list of it alone; unknown enum values stay plain text. A member of an undocumented type does not spoil
its object: it too goes to `extra`, unless it is the object's key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin

from attrs import NOTHING, Attribute, fields, frozen, has, resolve_types
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from agora_chat_async._json import Inexact, as_written
from agora_chat_async._scalars import read_number, read_text, read_truth, read_whole

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_EXTRA: Final = "extra"
_PLAIN: Final = frozenset({str, int, bool})
"""Types of which JSON's own values are taken as they are."""
_log: Final = logging.getLogger("agora_chat_async.answers")
_told: Final[set[tuple[type, str]]] = set()
"""Fields of which was logged already that they hold what they should not."""


@frozen
class Form:
    """Fields that are sent as a form instead of as JSON."""

    fields: Mapping[str, Any]


def to_dict(value: Any) -> Any:
    """Write a model or content as the JSON-ready data that the service uses, `extra` included."""
    return _CONVERTER.unstructure(value)


def from_dict(data: Any, cls: type[T]) -> T:
    """Read the service's data as `cls`; the reverse of `to_dict`."""
    try:
        return _CONVERTER.structure(data, cls)
    except Inexact:
        return _CONVERTER.structure(as_written(data), cls)


def structure_hook(cls: Any) -> Hook:
    """Return the function that reads data as `cls`; look it up once, call it often."""
    return _CONVERTER.get_structure_hook(cls)


def inline(content: Any) -> dict[str, Any]:
    """Write a content as one object with its type and its fields side by side."""
    return {"type": content.type, **to_dict(content)}


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

    # Most values are what they should be, and need no second function to say so; `object` is the type of none.
    plain = members[0] if len(members) == 1 and members[0] in _PLAIN else object

    def union(value: Any, _: Any) -> Any:
        if type(value) is plain:
            return value
        return None if value is None and optional else read(value, members[0])

    return union


def _open_enum_hook(enum: type[StrEnum]) -> Hook:
    known = {member.value: member for member in enum}

    def open_enum(value: Any, _: Any) -> str:
        text = read_text(value, str)
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
    alone = has(item)

    def sequence(value: Any, _: Any) -> Any:
        if value is None or value == {}:
            return ()
        if alone and isinstance(value, dict):
            value = [value]
        if not isinstance(value, list | tuple):
            raise TypeError(f"expected a list, got {type(value).__name__}")
        return tuple([read(entry, item) for entry in cast("Sequence[Any]", value) if entry is not None])

    return sequence


def _is_mapping(cls: Any) -> bool:
    return get_origin(cls) is Mapping


def _mapping_hook(cls: Any) -> Hook:
    _, item = get_args(cls)
    if item is Any:
        return lambda value, _: _one_object(value)
    read = structure_hook(item)

    def mapping(value: Any, _: Any) -> Any:
        return {name: read(entry, item) for name, entry in _one_object(value).items() if entry is not None}

    return mapping


def _one_object(value: Any) -> Mapping[str, Any]:
    """Take an object as it is, and a list of objects, of which each names something else, as one."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    whole = dict[str, Any]()
    if value is None:
        return whole
    for entry in cast("list[Any]", value) if isinstance(value, list) else [value]:
        if not isinstance(entry, dict) or whole.keys() & cast("dict[str, Any]", entry).keys():
            raise TypeError(f"expected an object, got {type(cast('Any', value)).__name__}")
        whole.update(cast("dict[str, Any]", entry))
    return whole


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
    attributes = {_wire_name(cls, attribute): attribute for attribute in fields(cls) if attribute.name != _EXTRA}
    known = attributes.keys()
    keeps_extra = len(attributes) < len(fields(cls))
    rearrange: Callable[[Any], dict[str, Any]] | None = getattr(cls, "rearranged", None)
    read_all: Hook = make_dict_structure_fn(cls, converter, _cattrs_detailed_validation=False, **_options(cls))
    read_singly = _single_reader(cls, converter, attributes, keeps_extra=keeps_extra)

    def model(value: Any, _: Any) -> Any:
        data = cast("dict[str, Any]", value) if isinstance(value, dict) else _only_object(cls, value)
        if rearrange is not None:
            data = rearrange(data)
        try:
            instance = read_all(data, cls)
        except Inexact:
            raise
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


def _single_reader(
    cls: Any, converter: Converter, attributes: Mapping[str, Any], *, keeps_extra: bool
) -> Callable[[Mapping[str, Any]], Any]:
    """Make the function that reads field by field, and leaves to `extra` what does not fit and is not the key."""

    def read(data: Mapping[str, Any]) -> Any:
        values, misfits = dict[str, Any](), dict[str, Any]()
        for wire_name, attribute in attributes.items():
            if data.get(wire_name) is not None or (attribute.default is NOTHING and wire_name in data):
                try:
                    values[attribute.alias] = converter.structure(data[wire_name], attribute.type)
                except Inexact:
                    raise
                except (TypeError, ValueError, LookupError, AttributeError):
                    if attribute.default is NOTHING or not keeps_extra:
                        raise
                    misfits[wire_name] = data[wire_name]
                    _tell_once(cls, wire_name, data[wire_name])
        return cls(**values, **({_EXTRA: misfits} if keeps_extra else {}))

    return read


def _only_object(cls: type, value: Any) -> dict[str, Any]:
    """Take the object out of a list of one."""
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    if len(entries) == 1 and isinstance(entries[0], dict):
        return cast("dict[str, Any]", entries[0])
    raise TypeError(f"expected an object for {cls.__name__}, got {type(cast('Any', value)).__name__}")


def _tell_once(cls: type, wire_name: str, value: Any) -> None:
    """Log what a field should not hold, but never the value, which may be a secret."""
    if (cls, wire_name) not in _told:
        _told.add((cls, wire_name))
        _log.warning("%s: %r is a %s, kept in extra; told once", cls.__name__, wire_name, type(value).__name__)


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
    for cls, hook in ((str, read_text), (int, read_whole), (float, read_number), (bool, read_truth)):
        converter.register_structure_hook(cls, hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    converter.register_structure_hook_factory(_is_sequence, _sequence_hook)
    converter.register_structure_hook_factory(_is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(has, _model_hook)
    converter.register_unstructure_hook_factory(has, _model_unhook)
    return converter


_CONVERTER: Final = _make_converter()
