"""Global mutes: users who may not send anywhere in the app."""

from __future__ import annotations

from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, Int
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import GET, POST
from agora_chat_async.models.mutes import MuteEntry, MuteStatus
from agora_chat_async.quota import per_second

FOR_EVER = -1
MAX_SECONDS = 2_147_483_647
MAX_PAGES = 2_147_483_647

MuteSeconds = Annotated[int, Int(FOR_EVER, MAX_SECONDS)]


class Mutes(
    Group,
    name="mutes",
    page="https://docs.agora.io/en/agora-chat/restful-api/global-mute",
):
    """Mutes that hold in the whole app."""

    @POST("/mutes", per_second(100), retry_safe=True)
    async def set(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        chat: MuteSeconds | None = None,
        groupchat: MuteSeconds | None = None,
        chatroom: MuteSeconds | None = None,
    ) -> None:
        """Mute or unmute a user in the whole app; a kind of chat that is left out stays as it is.

        Args:
            username: Who may not send, by client or by REST.
            chat: Seconds from now in one-to-one chats, at most 2147483647; 0 unmutes, -1 mutes for ever.
            groupchat: The same in chat groups.
            chatroom: The same in chat rooms.

        Raises:
            NotFound: There is no such user; the service tells that by status 400 or 404.
            ForbiddenOperation: Global mutes are not enabled for the app.

        Source: Globally mute a specified user
        """
        ...

    @GET("/mutes/{username}", per_second(100), pick="data", retry_safe=True)
    async def get(self, username: Annotated[str, EXISTING_USER]) -> MuteStatus:
        """Tell how long a user is still muted.

        Args:
            username: At most 64 characters.

        Returns:
            The seconds left for each kind of chat.

        Raises:
            NotFound: There is no such user; the service tells that by status 400 or 404.

        Source: Query the detailed information of global-mute
        """
        ...

    @GET("/mutes", per_second(100), pick="data.data", numbered=("pageNum", "pageSize"), retry_safe=True)
    def list(
        self,
        *,
        page: Annotated[int, Int(1, MAX_PAGES), SentAs("pageNum")] = 1,
        page_size: Annotated[int, Int(1, 50), SentAs("pageSize")] = 50,
    ) -> Pages[MuteEntry]:
        """List the mutes of the app, those that are over too: look at the seconds left.

        Args:
            page: Number of the page to begin with, from 1.
            page_size: Entries a page, 1 to 50.

        Returns:
            A listing: await it for a page, iterate it for every entry; a user has one for each kind of chat.

        Source: Retrieve all globally muted users
        """
        ...
