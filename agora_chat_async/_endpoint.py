"""Endpoints are declared as typed stubs; the function behind a stub is compiled at its first use.

    class Users(Group, name="users", page="..."):
        @POST("/users", per_second(100), pick="entities.0", retry_safe=False)
        async def create(self, username: Annotated[str, USERNAME], *, nickname: str | None = None) -> User:
            \"\"\"Register one user.\"\"\"
            ...

The signature is the declaration. A parameter named in the path fills a segment; of the others, GET and DELETE send
them in the query, POST and PUT as members of a JSON object. A parameter that is None is left out. Marks in
`Annotated` change that: `SentAs` gives the name on the wire, `SPREAD` merges an object into the body, `WHOLE` makes the
value the body, and any `Check` refuses bad values or converts good ones.

What is compiled is the plain function that one would write by hand (its source is in tracebacks), so a declared
endpoint costs no more at a call than a written one. The `Endpoint` objects themselves are the route table: quotas,
the emulator's routing, the command line and the docs are read from them.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, update_wrapper
from typing import (
    Any,
    ClassVar,
    Final,
    Protocol,
    get_origin,
    get_type_hints,
    overload,
)

from agora_chat_async._compile import WHOLE, Shape, compile_function, marks_of
from agora_chat_async._pages import Pages
from agora_chat_async._reading import Reading
from agora_chat_async._transfer import Download, Sink, upload_of
from agora_chat_async.quota import Quota, Rate

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


class Door(Protocol):
    """What a compiled endpoint calls to be sent."""

    def send(  # noqa: PLR0917 - called by compiled functions only
        self,
        endpoint: Endpoint,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any,
        counts: Mapping[str, int] | None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        /,
    ) -> Awaitable[Any]:
        """Send one call; what is returned gives its decoded result."""
        ...


class Group:
    """Endpoints of one resource."""

    name: ClassVar[str]
    page: ClassVar[str]
    endpoints: ClassVar[Mapping[str, Endpoint]]

    def __init_subclass__(cls, *, name: str, page: str) -> None:
        cls.name = name
        cls.page = page
        cls.endpoints = {value.id: value for value in vars(cls).values() if isinstance(value, Endpoint)}

    def __init__(self, door: Door) -> None:
        self._door = door


class Endpoint:
    """One operation of the service, as declared."""

    def __init__(
        self,
        stub: Callable[..., Any],
        method: str,
        path: str,
        limits: tuple[Rate | Quota, ...],
        *,
        retry_safe: bool,
        pick: str,
        read: Callable[[Any], Any] | None,
        check: Callable[[dict[str, Any]], None] | None,
        in_body: bool,
        form: bool,
        headers: Mapping[str, str],
        next_page: str,
        numbered: tuple[str, str] | None,
        sparse: bool,
    ) -> None:
        self.stub = stub
        self.method = method
        self.path = path
        self.rates: tuple[Rate, ...] = tuple(limit for limit in limits if isinstance(limit, Rate))
        self.shared: tuple[Quota, ...] = tuple(limit for limit in limits if isinstance(limit, Quota))
        self.retry_safe = retry_safe
        self.pick = pick
        self.check = check
        self.in_body = in_body
        self.form = form
        self.headers = headers
        self.numbered = numbered
        self.sparse = sparse
        self._read = read
        self._next_page = next_page
        self.__name__: str = stub.__name__
        self.__wrapped__ = stub

    def __set_name__(self, owner: type[Group], name: str) -> None:
        self.owner = owner
        self.__name__ = name
        self.__qualname__ = f"{owner.__qualname__}.{name}"
        self.__module__ = owner.__module__

    @property
    def id(self) -> str:
        """Group and name, such as `users.create`."""
        return f"{self.owner.name}.{self.__name__}"

    @property
    def route(self) -> str:
        """Method and path without the names of placeholders: what the service counts calls by."""
        return f"{self.method} {_PLACEHOLDER.sub('{}', self.path)}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names in the path, in order."""
        return tuple(_PLACEHOLDER.findall(self.path))

    @property
    def all_rates(self) -> tuple[Rate, ...]:
        """Every documented limit, its own and the shared ones."""
        return (*self.rates, *(rate for quota in self.shared for rate in quota.rates))

    @property
    def concurrent(self) -> int | None:
        """Cap on calls in progress."""
        return min((quota.concurrent for quota in self.shared if quota.concurrent is not None), default=None)

    @property
    def summary(self) -> str:
        """First sentence of the docstring."""
        return (self.stub.__doc__ or "").strip().partition("\n")[0]

    @cached_property
    def __doc__(self) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        quota = ", ".join(map(str, self.all_rates)) or "no documented quota"
        repeat = "repeated" if self.retry_safe else "never repeated"
        text, _, source = inspect.cleandoc(self.stub.__doc__ or "").partition("\n\nSource: ")
        other_page, _, heading = source.rpartition("#")
        page = f"{self.owner.page.rpartition('/')[0]}/{other_page}" if other_page else self.owner.page
        return (
            f"{text}\n\n"
            f"Wire: `{self.method} {self.path}`; quota: {quota}; {repeat} when the answer is lost.\n"
            f"Source: {page}" + (f', "{heading}"' if heading else "")
        )

    @cached_property
    def signature(self) -> inspect.Signature:
        """The stub's signature, with resolved annotations."""
        hints = self._hints
        stub = inspect.signature(self.stub)
        parameters = [
            parameter.replace(annotation=hints.get(parameter.name, parameter.annotation))
            for parameter in stub.parameters.values()
        ]
        return stub.replace(parameters=parameters, return_annotation=hints["return"])

    @cached_property
    def paged(self) -> bool:
        """Whether calls return a listing."""
        return get_origin(self.signature.return_annotation) is Pages

    @cached_property
    def takes_array(self) -> bool:
        """Whether the body is a bare JSON array."""
        marks = [marks_of(parameter.annotation) for parameter in self.signature.parameters.values()]
        return any(WHOLE in each and upload_of not in each for each in marks)

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The compiled function behind the stub."""
        shape = Shape(
            self.id,
            self.__name__,
            self.path,
            self.placeholders,
            tuple(sorted({rate.counts for rate in self.all_rates if rate.counts})),
            self.signature,
            in_body=self.in_body,
            form=self.form,
            headers=self.headers,
            paged=self.paged,
            download=self.signature.return_annotation is Download,
            numbered=self.numbered,
            checks_body=self.check is not None,
            is_coroutine=inspect.iscoroutinefunction(self.stub),
        )
        function = compile_function(shape, {"endpoint": self, "check_body": self.check})
        function.__doc__ = self.__doc__
        function.__qualname__ = self.__qualname__
        function.__module__ = self.__module__
        return update_wrapper(function, self.stub, assigned=(), updated=())

    @overload
    def __get__(self, group: None, owner: type[Group]) -> Endpoint: ...
    @overload
    def __get__(self, group: Group, owner: type[Group]) -> Callable[..., Any]: ...
    def __get__(self, group: Group | None, owner: type[Group]) -> Endpoint | Callable[..., Any]:
        if group is None:
            return self
        bound = types.MethodType(self.function, group)
        # Found in the instance from now on, since this descriptor has no __set__.
        group.__dict__[self.__name__] = bound
        return bound

    @cached_property
    def decode(self) -> Callable[[bytes], tuple[Any, Any]]:
        """Reads an answer: the result, and the envelope that it came in."""
        return self.reading.page if self.reading.is_page else self.reading.result

    @cached_property
    def reading(self) -> Reading:
        """How answers are read."""
        return Reading(self.signature.return_annotation, self.pick, self._read, self._next_page)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.stub, include_extras=True)


def endpoint_of(stub: Callable[..., Any]) -> Endpoint:
    """Return the endpoint behind a stub such as `Users.create`; checkers see the stub, this is what it is."""
    if isinstance(stub, Endpoint):
        return stub
    raise TypeError(f"{stub!r} is no endpoint; name one by its class, such as Users.create")
