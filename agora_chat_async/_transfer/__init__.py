"""Files on their way: what is uploaded from a path, bytes or a stream, and where a download goes.

Nothing here is held in memory whole, except where a caller asks for bytes. Files are read and written in threads. A
download to a path is written under a temporary name and renamed when it is complete, so that a file is either all
there or not there.
"""

from agora_chat_async._transfer.downloads import Download
from agora_chat_async._transfer.sinks import Progress, Sink, SinkFailed
from agora_chat_async._transfer.uploads import FileSource, Multipart, Upload, upload_of

__all__ = ["Download", "FileSource", "Multipart", "Progress", "Sink", "SinkFailed", "Upload", "upload_of"]
