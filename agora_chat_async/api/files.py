"""Files: attachments of messages, up and down, and thumbnails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from agora_chat_async._checks import ID, Int, on_off
from agora_chat_async._compile import WHOLE, Header
from agora_chat_async._endpoint import Group
from agora_chat_async._transfer import Download, FileSource, Upload, upload_of
from agora_chat_async._verbs import GET, POST
from agora_chat_async.models.files import UploadedFile
from agora_chat_async.quota import per_second

_PIXELS = Int(1, 10_000)


def _pixels(name: str, value: Any) -> str:
    return str(_PIXELS(name, value))


def _with_address(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the file its address, which the service tells apart from its id."""
    (file,) = envelope["entities"]
    return {"url": f"{envelope['uri']}/{file['uuid']}", **file} if "uri" in envelope else file


class Files(
    Group,
    name="files",
    page="https://docs.agora.io/en/agora-chat/restful-api/message-management",
):
    """Attachments of messages."""

    @POST("/chatfiles", per_second(100), read=_with_address, retry_safe=True)
    async def upload(
        self,
        file: Annotated[FileSource | Upload, upload_of, WHOLE],
        *,
        restrict_access: Annotated[bool, on_off, Header("restrict-access")] | None = None,
        thumbnail_height: Annotated[int, _pixels, Header("thumbnail-height")] | None = None,
        thumbnail_width: Annotated[int, _pixels, Header("thumbnail-width")] | None = None,
    ) -> UploadedFile:
        """Upload a file, which messages then refer to; it is kept for 7 days by default.

        Args:
            file: A path, bytes, a file open for reading, an async iterable of bytes, or an `Upload` that says more of
                it. It is streamed; the service takes 10 MB unless the console allows up to 200 MB.
            restrict_access: Let only those download it who have its share-secret.
            thumbnail_height: Pixels, 170 by default; for pictures above 10 KB.
            thumbnail_width: Pixels, 170 by default; for pictures above 10 KB.

        Returns:
            The file's id, its address for message contents, and its share-secret.

        Raises:
            PayloadTooLarge: The file is larger than the app allows.
            OSError: The file cannot be read.

        Source: Upload a file
        """
        ...

    @GET("/chatfiles/{file_uuid}", per_second(100), retry_safe=True)
    def download(
        self,
        file_uuid: Annotated[str, ID],
        *,
        share_secret: Annotated[str, ID, Header("share-secret")] | None = None,
    ) -> Download:
        """Download a file.

        Args:
            file_uuid: Id of the file, from its upload.
            share_secret: Needed where the upload restricted access.

        Returns:
            The download: await it for bytes, or use its `save` and `stream`. It raises what the service refuses.

        Raises:
            NotFound: There is no such file, or it is past its storage time.
            Unauthorized: The share-secret is missing or wrong.

        Source: Download a file
        """
        ...

    @GET("/chatfiles/{file_uuid}", per_second(100), headers={"thumbnail": "true"}, retry_safe=True)
    def download_thumbnail(
        self,
        file_uuid: Annotated[str, ID],
        *,
        share_secret: Annotated[str, ID, Header("share-secret")] | None = None,
    ) -> Download:
        """Download the thumbnail of a picture; of a small picture, up to 10 KB, that is the picture itself.

        Args:
            file_uuid: Id of the picture, from its upload.
            share_secret: Needed where the upload restricted access.

        Returns:
            The download: await it for bytes, or use its `save` and `stream`. It raises what the service refuses.

        Raises:
            NotFound: There is no such file, or it is past its storage time.
            Unauthorized: The share-secret is missing or wrong.

        Source: Download a thumbnail
        """
        ...
