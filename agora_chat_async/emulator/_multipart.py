"""Reading an uploaded file out of a form, and making thumbnails of pictures."""

from __future__ import annotations

import io
from typing import Any, Final

from attrs import field, frozen

from agora_chat_async.emulator._errors import Refusal, illegal, not_emulated

_MULTIPART: Final = "multipart/form-data"


@frozen
class UploadedPart:
    """The part of a form that holds the file."""

    filename: str
    content: bytes = field(repr=False)


def read_upload(content_type: str, body: bytes) -> UploadedPart:
    """Find the part named `file`."""
    if content_type.partition(";")[0].strip().lower() != _MULTIPART:
        kind = content_type.partition(";")[0] or "none"
        raise Refusal(415, "web_application", f"Unsupported Media Type: {kind}, not {_MULTIPART}")
    import python_multipart  # noqa: PLC0415 - only uploads need it
    from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - as above

    found = list[UploadedPart]()

    def note(file: Any) -> None:
        if (file.field_name or b"").decode("utf-8", "replace") == "file":
            file.file_object.seek(0)
            name = (file.file_name or b"file").decode("utf-8", "replace")
            found.append(UploadedPart(name, file.file_object.read()))
        file.close()

    headers = {"Content-Type": content_type.encode("latin-1"), "Content-Length": str(len(body)).encode()}
    try:
        python_multipart.parse_form(headers, io.BytesIO(body), None, note)
    except (FormParserError, ValueError):
        raise illegal("invalid request: the form cannot be read") from None
    if len(found) != 1:
        raise Refusal(400, "IllegalArgumentException", "file must be provided.")
    return found[0]


def thumbnail(content: bytes, width: int, height: int) -> bytes:
    """Scale a picture down; what is no picture stays as it is."""
    try:
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only thumbnails need it
    except ImportError:
        raise not_emulated("thumbnails of pictures above 10 KB, unless Pillow is installed") from None
    try:
        with Image.open(io.BytesIO(content)) as picture:
            kind = picture.format
            picture.thumbnail((width, height))
            out = io.BytesIO()
            picture.save(out, format=kind)
    except UnidentifiedImageError:
        return content
    return out.getvalue()
