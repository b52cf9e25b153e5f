"""Files that a form sends: held in memory up to what a letter may take, never written to the disk unencrypted.

Django's own handlers put larger files into the folder for temporary files, readable, and leave them there when the
process dies. What is too large is read to its end and forgotten; the form is told so.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from forgeward.respond.enclosure import LARGEST, MOST

TOO_LARGE = "forgeward.files_refused"


class InMemory(FileUploadHandler):
    """Keeps files in memory while all of them together stay within ``LARGEST`` bytes and ``MOST`` files."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._total = 0
        self._count = 0
        self._buffer = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._count += 1
        self._buffer = BytesIO()
        if self._count > MOST:
            self._refuse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self._total += len(raw_data)
        if self._total > LARGEST:
            self._refuse()
        self._buffer.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._buffer.seek(0)
        return InMemoryUploadedFile(
            self._buffer, self.field_name, self.file_name or "file", self.content_type, file_size, self.charset
        )

    def _refuse(self) -> None:
        self._buffer = BytesIO()
        if self.request is not None:
            self.request.META[TOO_LARGE] = True
        raise SkipFile


def refused(request: HttpRequest) -> bool:
    """Whether a file of this form was left out for its size or number. Ask after the form was read."""
    return bool(request.META.get(TOO_LARGE))
