"""Groups: the announcement, and files that members share."""

from __future__ import annotations

from typing import Annotated

from agora_chat_async._checks import ID, PAGE_NUMBER, Int, Str, on_off
from agora_chat_async._compile import WHOLE, Header, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._reading import member
from agora_chat_async._transfer import Download, FileSource, Upload, upload_of
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.files import SharedFile
from agora_chat_async.quota import per_second

_ANNOUNCEMENT = Str(most=512, least=0)


class GroupFiles(
    Group,
    name="group_files",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/manage-group-announcement-files",
):
    """Announcement and shared files of a group."""

    @GET(
        "/chatgroups/{group_id}/announcement",
        per_second(100),
        pick="data",
        read=member("announcement", ""),
        retry_safe=True,
    )
    async def get_announcement(self, group_id: Annotated[str, ID]) -> str:
        """Read a group's announcement.

        Args:
            group_id: Id of the group.

        Returns:
            The text; empty where none is set.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving the chat group announcement
        """
        ...

    @POST("/chatgroups/{group_id}/announcement", per_second(100), pick="data.result", retry_safe=True)
    async def set_announcement(self, group_id: Annotated[str, ID], announcement: Annotated[str, _ANNOUNCEMENT]) -> bool:
        """Replace a group's announcement.

        Args:
            group_id: Id of the group.
            announcement: At most 512 characters; an empty text clears it.

        Returns:
            Whether it was set.

        Raises:
            NotFound: There is no such group.

        Source: Modifying the chat group announcement
        """
        ...

    @GET(
        "/chatgroups/{group_id}/share_files",
        per_second(100),
        pick="data",
        numbered=("pagenum", "pagesize"),
        retry_safe=True,
    )
    def list(
        self,
        group_id: Annotated[str, ID],
        *,
        page: Annotated[int, PAGE_NUMBER, SentAs("pagenum")] = 1,
        page_size: Annotated[int, Int(1, 1000), SentAs("pagesize")] = 1000,
    ) -> Pages[SharedFile]:
        """List the files that a group shares.

        Args:
            group_id: Id of the group.
            page: Where to begin, counted from 1.
            page_size: Files a page, 1 to 1,000.

        Returns:
            A listing: await it for a page, iterate it for every file.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving the chat group shared files
        """
        ...

    @POST("/chatgroups/{group_id}/share_files", per_second(100), pick="data", retry_safe=False)
    async def upload(
        self,
        group_id: Annotated[str, ID],
        file: Annotated[FileSource | Upload, upload_of, WHOLE],
        *,
        restrict_access: Annotated[bool, on_off, Header("restrict-access")] | None = None,
    ) -> SharedFile:
        """Upload a file that the members of a group share.

        Args:
            group_id: Id of the group.
            file: A path, bytes, a file open for reading, an async iterable of bytes, or an `Upload` that says more of
                it; at most 10 MB. It is streamed.
            restrict_access: Let only members download it.

        Returns:
            The file.

        Raises:
            NotFound: There is no such group.
            PayloadTooLarge: The file is larger than 10 MB.
            OutcomeUnknown: The answer was lost; the file may be there.

        Source: Uploading a chat group shared file
        """
        ...

    @GET("/chatgroups/{group_id}/share_files/{file_id}", per_second(100), retry_safe=True)
    def download(self, group_id: Annotated[str, ID], file_id: Annotated[str, ID]) -> Download:
        """Download a file that a group shares.

        Args:
            group_id: Id of the group.
            file_id: Id of the file, from `list` or its upload.

        Returns:
            The download: await it for bytes, or use its `save` and `stream`. It raises what the service refuses.

        Raises:
            NotFound: There is no such group or file.

        Source: Downloading the chat group shared file
        """
        ...

    @DELETE("/chatgroups/{group_id}/share_files/{file_id}", per_second(100), pick="data.result", retry_safe=True)
    async def delete(self, group_id: Annotated[str, ID], file_id: Annotated[str, ID]) -> bool:
        """Delete a file that a group shares.

        Args:
            group_id: Id of the group.
            file_id: Id of the file.

        Returns:
            Whether it was deleted.

        Raises:
            NotFound: There is no such group or file; after a repeat that means it is done.

        Source: Deleting a chat group shared file
        """
        ...
