"""From a stub's signature to the plain function that one would write by hand.

The function checks its arguments, builds path, query and body, and hands them to its group's door. Its source is kept
for tracebacks. It is made of signatures only, never of data.
"""

from __future__ import annotations

import inspect
import itertools
import linecache
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin

from attrs import frozen

from agora_chat_async._checks import segment, segments
from agora_chat_async._codec import Form
from agora_chat_async._pages import Pages, numbered_page
from agora_chat_async._transfer import Download

_NUMBER: Final = itertools.count(1)
_TAKEN: Final = frozenset(
    {
        "Download",
        "Form",
        "Pages",
        "asked",
        "body",
        "check_body",
        "endpoint",
        "fetch",
        "headers",
        "numbered_page",
        "path",
        "query",
    }
    | {"segment", "segments"}
)
"""Names that compiled functions use for themselves."""


@frozen
class SentAs:
    """The name that a parameter has on the wire."""

    name: str


@frozen
class Header:
    """The header that a parameter is sent in."""

    name: str


@frozen
class Mark:
    """Says what a parameter becomes where it is not one member of the body or query."""

    name: str


SPREAD: Final = Mark("spread")
"""The parameter becomes several members of the body."""
WHOLE: Final = Mark("whole")
"""The parameter is the body."""
JOINED: Final = Mark("joined")
"""The parameter is a list whose items fill one segment of the path, joined by commas."""


@frozen
class Shape:
    """What of a declaration decides how its function looks."""

    id: str
    name: str
    path: str
    placeholders: tuple[str, ...]
    counted: tuple[str, ...]
    """Parameters whose items a quota counts."""
    signature: inspect.Signature
    in_body: bool
    form: bool
    headers: Mapping[str, str]
    """Headers that every call has."""
    paged: bool
    download: bool
    numbered: tuple[str, str] | None
    """Wire names of the page's number and size, in listings by page number."""
    checks_body: bool
    is_coroutine: bool

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """Parameters that a caller gives."""
        return {name: parameter for name, parameter in self.signature.parameters.items() if name != "self"}


def marks_of(annotation: Any) -> tuple[Any, ...]:
    """Give the marks of a parameter, also those inside `X | None`."""
    if get_origin(annotation) is Annotated:
        return tuple(annotation.__metadata__)
    members = [member for member in get_args(annotation) if get_origin(member) is Annotated]
    return tuple(mark for member in members for mark in marks_of(member))


def compile_function(shape: Shape, scope: dict[str, Any]) -> Callable[..., Any]:
    """Write and compile a function; `scope` holds the `endpoint` that it hands over, and perhaps `check_body`."""
    _refuse_wrong(shape)
    scope |= {"segment": segment, "segments": segments, "Pages": Pages, "Form": Form, "numbered_page": numbered_page}
    scope["Download"] = Download
    lines, body, query, headers = _argument_lines(shape, scope)
    if shape.checks_body:
        lines.append(f"check_body({'body' if shape.in_body else 'query'})")
    counts = "{" + ", ".join(f"{name!r}: len({name})" for name in shape.counted) + "}" if shape.counted else "None"
    url = f"f{shape.path!r}" if shape.placeholders else repr(shape.path)
    if shape.form:
        body = f"Form({body})"
    if shape.numbered:
        number, size = shape.numbered
        sure = next(shape.parameters[name].default for name in shape.parameters if _wire_name(shape, name) == size)
        lines += [
            f"path = {url}",
            "async def fetch(cursor):",
            f"    asked = query if cursor is None else {{**query, {number!r}: int(cursor)}}",
            f"    page = await self._door.send(endpoint, path, asked, None, {counts}, {headers})",
            f"    return numbered_page(page, asked.get({number!r}), asked.get({size!r}), {sure})",
            "return Pages(fetch)",
        ]
    elif shape.download:
        lines += [
            f"path = {url}",
            f"def fetch(sink): return self._door.send(endpoint, path, {query}, None, {counts}, {headers}, sink)",
            "return Download(fetch)",
        ]
    elif shape.paged:
        lines += [
            f"path = {url}",
            "def fetch(cursor):",
            "    asked = query if cursor is None else {**query, 'cursor': cursor}",
            f"    return self._door.send(endpoint, path, asked, None, {counts}, {headers})",
            "return Pages(fetch, cursor)",
        ]
    else:
        lines.append(f"return await self._door.send(endpoint, {url}, {query}, {body}, {counts}, {headers})")
    head = f"{'def' if shape.paged or shape.download else 'async def'} {shape.name}{_parameter_list(shape, scope)}:"
    return _executed(shape, "\n    ".join([head, *lines]) + "\n", scope)


def _refuse_wrong(shape: Shape) -> None:
    names = shape.parameters.keys()
    named = {*shape.placeholders, *shape.counted, *(["cursor"] if shape.paged and not shape.numbered else [])}
    wrong = (
        (not shape.path.startswith("/"), "the path begins with /"),
        (named - names, f"no parameter is named {', '.join(sorted(named - names))}"),
        (_TAKEN & names, f"no parameter may be named {', '.join(sorted(_TAKEN & names))}"),
        (
            shape.is_coroutine == (shape.paged or shape.download),
            "the stub is `async def`, or `def` where it returns Pages or a Download",
        ),
    )
    for fault, rule in wrong:
        if fault:
            raise TypeError(f"{shape.id} is declared wrongly: {rule}")


def _argument_lines(shape: Shape, scope: dict[str, Any]) -> tuple[list[str], str, str, str]:
    """Write what checks the arguments and fills body, query and headers; name these as the call has to pass them."""
    fields = {name for name in shape.parameters if name not in shape.placeholders}
    if shape.paged and not shape.numbered:
        fields.remove("cursor")
    in_header = {name for name in fields if any(isinstance(mark, Header) for mark in _marks(shape, name))}
    fields -= in_header
    whole = any(WHOLE in marks_of(parameter.annotation) for parameter in shape.parameters.values())
    target = "body" if shape.in_body else "query"
    lines, body, query, headers = list[str](), "None", "None", "None"
    if in_header or shape.headers:
        lines.append(f"headers = {dict(shape.headers)!r}")
        headers = "headers"
    if fields and not whole:
        lines.append(f"{target} = {{}}")
        body, query = ("body", "None") if shape.in_body else ("None", "query")
    for name, parameter in shape.parameters.items():
        marks = marks_of(parameter.annotation)
        value = _checked(name, marks, scope)
        if name in shape.placeholders:
            encode = "segments" if JOINED in marks else "segment"
            lines.append(f"{name} = {encode}({name!r}, {value})")
            continue
        if name in in_header:
            header = next(mark.name for mark in marks if isinstance(mark, Header))
            put = f"headers[{header!r}] = {value}"
            lines += _unless_none(parameter, put)
            continue
        if name not in fields:
            continue
        if name in shape.counted:
            lines.append(f"{name} = {value}")
            value = name
        if WHOLE in marks:
            body = value
            continue
        put = f"{target}.update({value})" if SPREAD in marks else f"{target}[{_wire_name(shape, name)!r}] = {value}"
        lines += _unless_none(parameter, put)
    return lines, body, query, headers


def _marks(shape: Shape, name: str) -> tuple[Any, ...]:
    return marks_of(shape.parameters[name].annotation)


def _wire_name(shape: Shape, name: str) -> str:
    return next((mark.name for mark in _marks(shape, name) if isinstance(mark, SentAs)), name)


def _unless_none(parameter: inspect.Parameter, put: str) -> list[str]:
    """Write what leaves an argument out that is None, where it may be."""
    may_be_none = parameter.default is None or NoneType in get_args(parameter.annotation)
    return [f"if {parameter.name} is not None:", f"    {put}"] if may_be_none else [put]


def _checked(name: str, marks: tuple[Any, ...], scope: dict[str, Any]) -> str:
    """Write the argument as it is sent, after its checks."""
    value = name
    for index, check in enumerate(mark for mark in marks if callable(mark)):
        scope[f"check_{name}_{index}"] = check
        value = f"check_{name}_{index}({name!r}, {value})"
    return value


def _parameter_list(shape: Shape, scope: dict[str, Any]) -> str:
    parts, star = list[str](), False
    for name, parameter in shape.signature.parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        if parameter.default is inspect.Parameter.empty:
            parts.append(name)
        else:
            scope[f"default_{name}"] = parameter.default
            parts.append(f"{name}=default_{name}")
    return f"({', '.join(parts)})"


def _executed(shape: Shape, source: str, scope: dict[str, Any]) -> Callable[..., Any]:
    filename = f"<endpoint {shape.id} {next(_NUMBER)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), scope)  # noqa: S102 - made of signatures only, never of data
    function: Callable[..., Any] = scope[shape.name]
    return function
