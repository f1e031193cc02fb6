"""Callbacks: those that could not be delivered, and sending them again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from agora_chat_async._checks import Int, Str
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import GET, POST
from agora_chat_async.models.callbacks import StoredCallbacks

MAX_RETRY = 2_147_483_647
MAX_URL = 2048

_DATE = Str(most=12, least=12, pattern=re.compile(r"[0-9]{12}"), charset="0-9, as yyyyMMddHHmm")
_URL = Str(most=MAX_URL, pattern=re.compile(r"https?://\S+"), charset="http:// or https:// and an address")


def _success(outcome: Any) -> Any:
    return {"success": True, "failure": False}.get(outcome, outcome) if isinstance(outcome, str) else outcome


class Callbacks(
    Group,
    name="callbacks",
    page="https://docs.agora.io/en/agora-chat/develop/setup-webhooks",
):
    """Callbacks that the service keeps; this has to be enabled for the app."""

    @GET("/callbacks/storage/info", pick="data", retry_safe=True)
    async def list_stored(self) -> Sequence[StoredCallbacks]:
        """List the callbacks that could not be delivered, by ten minutes; they are kept for 3 days.

        Returns:
            One entry for every ten minutes with failed callbacks.

        Raises:
            Forbidden: Callbacks, or keeping them, are not enabled for the app.

        Source: Query the callback data stored on the Chat server
        """
        ...

    @POST("/callbacks/storage/retry", pick="data", read=_success, retry_safe=False)
    async def resend_stored(
        self,
        date: Annotated[str, _DATE],
        *,
        retry: Annotated[int, Int(0, MAX_RETRY)] | None = None,
        target_url: Annotated[str, _URL, SentAs("targetUrl")] | None = None,
    ) -> bool:
        """Send the stored callbacks of ten minutes again; more than 10 times is not advised.

        Args:
            date: Which ones, as `list_stored` tells it.
            retry: How often that was done before.
            target_url: Where to send them instead of the rule's own address.

        Returns:
            True where they were sent; False is a failure that the service reports without an error.

        Raises:
            BadRequest: Nothing is stored under this date.
            Forbidden: Callbacks, or keeping them, are not enabled for the app.
            OutcomeUnknown: The answer was lost; receivers know a repeat by the id of each callback.

        Source: Resend the callback data stored on the Chat server
        """
        ...
