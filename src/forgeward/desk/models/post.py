"""Mail in (raw first) and out (the outbox), and the messages of a case's thread."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField


class RawMail(models.Model):
    """A mail as received, stored before anything reads it. The bytes lie encrypted in ``HOME/raw/NAME``."""

    name = models.CharField(max_length=40, unique=True)
    fingerprint = models.CharField(
        max_length=64, unique=True
    )  # keyed digest of the bytes: the same mail again is known
    source = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    received_at = InstantField()
    wrapped_key = models.BinaryField()
    subject = models.CharField(max_length=60, blank=True)  # whose key wraps it now; empty: the home's
    state = models.CharField(max_length=16)  # stored | parsed | not_parsed | held
    reason = models.CharField(max_length=500, blank=True)
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.PROTECT)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="raw_state")]


class MessageRow(models.Model):
    """A mail of a case's thread, in or out. Its text stands sealed in the entry ``entry_seq``; here are its headers."""

    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, related_name="messages")
    at = InstantField()
    direction = models.CharField(max_length=8)  # in | out
    subject = models.CharField(max_length=60)  # whose key seals the blob
    blob = models.BinaryField()  # message id, references, sender, subject line
    thread_key = models.CharField(max_length=64, blank=True, db_index=True)  # keyed digest of the Message-ID
    raw = models.OneToOneField(RawMail, null=True, on_delete=models.PROTECT)
    entry_seq = models.PositiveIntegerField()


class AttachmentRow(models.Model):
    """A file that came with a message. Its bytes lie encrypted in ``HOME/files/NAME``; never served inline."""

    message = models.ForeignKey(MessageRow, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=40, unique=True)
    media_type = models.CharField(max_length=120)  # as sniffed, not as declared
    size = models.PositiveBigIntegerField()
    label_blob = models.BinaryField()  # the file's own name, sealed
    wrapped_key = models.BinaryField()  # the key of its bytes, wrapped by the key of the message's subject


class NoticeRow(models.Model):
    """The outbox: one mail to one recipient, sent at least once under one idempotency key."""

    case = models.ForeignKey(CaseRow, null=True, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=64, unique=True)
    notice = models.CharField(max_length=40)  # groups the recipients of one notice
    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=60)  # whose key seals the blob
    blob = models.BinaryField()  # recipient, subject line, body, threading headers
    created_at = InstantField()
    state = models.CharField(max_length=12)  # waiting | accepted | filed | bounced | given_up
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = InstantField(null=True)
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    settled_at = InstantField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="notice_try", condition=Q(try_at__isnull=False)),
            models.Index(fields=["case", "notice"], name="notice_of_case"),
        ]
