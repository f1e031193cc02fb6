"""GET, POST, PUT and DELETE: the decorators that declare endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from agora_chat_async._endpoint import Endpoint
from agora_chat_async.quota import Quota, Rate

F = TypeVar("F", bound=Callable[..., Any])


class _Verb:
    """A decorator for stubs of one HTTP method."""

    def __init__(self, method: str, *, in_body: bool) -> None:
        self._method = method
        self._in_body = in_body

    def __call__(
        self,
        path: str,
        /,
        *limits: Rate | Quota,
        retry_safe: bool,
        pick: str = "",
        read: Callable[[Any], Any] | None = None,
        check: Callable[[dict[str, Any]], None] | None = None,
        in_body: bool | None = None,
        form: bool = False,
        headers: Mapping[str, str] | None = None,
        next_page: str = "cursor",
        numbered: tuple[str, str] | None = None,
        sparse: bool = False,
    ) -> Callable[[F], F]:
        """Declare an endpoint.

        Args:
            path: Below the app, placeholders in braces named like the parameters that fill them.
            *limits: The documented rates of this route, and the named quotas that it shares with others.
            retry_safe: May the call be sent again when it is not known whether it was carried out?
            pick: Where in the envelope the result lies, as `picker` reads it; the whole envelope by default.
            read: Rearranges the picked part before it is decoded.
            check: Refuses a body, or a query, that as a whole breaks a rule.
            in_body: Send the parameters as JSON although the method would put them in the query, or the reverse.
            headers: Headers that every call has.
            form: Send the body as a form instead of as JSON.
            next_page: Where in the envelope of a listing the next cursor lies.
            numbered: For a listing by page number, the wire names of the page's number and size.
            sparse: Whether an answer about many items leaves out those of which there is nothing to tell.
        """

        def declare(stub: F) -> F:
            # Callers see the stub's own signature.
            return Endpoint(  # type: ignore[return-value]  # pyright: ignore[reportReturnType]
                stub,
                self._method,
                path,
                limits,
                retry_safe=retry_safe,
                pick=pick,
                read=read,
                check=check,
                in_body=self._in_body if in_body is None else in_body,
                form=form,
                headers=headers or {},
                next_page=next_page,
                numbered=numbered,
                sparse=sparse,
            )

        return declare


GET: Final = _Verb("GET", in_body=False)
POST: Final = _Verb("POST", in_body=True)
PUT: Final = _Verb("PUT", in_body=True)
DELETE: Final = _Verb("DELETE", in_body=False)
