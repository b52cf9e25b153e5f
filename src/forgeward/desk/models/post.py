"""Mail in (raw first) and out (the outbox), and the messages of a case's thread."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class RawMail(models.Model):
    """A mail as received, stored before anything reads it. The bytes lie encrypted in ``HOME/raw/NAME``.

    ``state``: ``stored`` waits to be read · ``parsed``, ``not_parsed`` are in their case · ``held``, ``grouped``,
    ``aside`` wait for nobody but may be decided by a person · ``bounce``, ``canary`` did their work · ``discarded``.
    The keys are keyed digests, for finding the same thing again; ``head_blob`` and ``way_blob`` are sealed under the
    mail's own data key.
    """

    name = models.CharField(max_length=40, unique=True)
    fingerprint = models.CharField(
        max_length=64, unique=True
    )  # keyed digest of the bytes: the same mail again is known
    source = models.CharField(max_length=300)
    mailbox = models.CharField(max_length=40, blank=True)  # by which mailbox of the settings it came; empty: a file
    size = models.PositiveBigIntegerField()
    received_at = InstantField()
    wrapped_key = models.BinaryField()
    subject = models.CharField(max_length=60, blank=True)  # whose key wraps it now; empty: the home's
    state = models.CharField(max_length=16)
    reason = models.CharField(max_length=500, blank=True)
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.PROTECT, related_name="raw_mails")
    opened = models.BooleanField(default=False)  # whether its case was opened by it
    sender_key = models.CharField(max_length=60, blank=True)
    content_key = models.CharField(max_length=64, blank=True)  # of subject, text and files
    copy_key = models.CharField(max_length=64, blank=True)  # of sender, Message-ID and content
    topic_key = models.CharField(max_length=64, blank=True)  # of the ticket that a notification names
    head_blob = models.BinaryField(default=b"")  # sender, subject and the like, for lists
    way_blob = models.BinaryField(default=b"")  # how it came: client, HELO, envelope
    decided_at = InstantField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="raw_state"),
            models.Index(fields=["case", "state", "id"], name="raw_case"),
            models.Index(fields=["sender_key", "received_at"], name="raw_sender", condition=~Q(sender_key="")),
            models.Index(
                fields=["sender_key", "received_at", "case"],
                name="raw_sender_opened",
                condition=Q(opened=True) & ~Q(sender_key=""),
            ),
            models.Index(
                fields=["content_key", "received_at", "case"],
                name="raw_content_opened",
                condition=Q(opened=True) & ~Q(content_key=""),
            ),
            models.Index(fields=["copy_key"], name="raw_copy", condition=~Q(copy_key="")),
            models.Index(fields=["topic_key"], name="raw_topic", condition=~Q(topic_key="")),
        ]


class MailboxRow(models.Model):
    """How far a mailbox of the settings was read, and how it is. ``problem`` is a sentence while it cannot be read."""

    name = models.CharField(max_length=40, primary_key=True)
    uidvalidity = models.PositiveBigIntegerField(default=0)
    uid = models.PositiveBigIntegerField(default=0)  # all mails up to this UID are stored
    taken = models.PositiveBigIntegerField(default=0)
    since = InstantField()  # when we first looked, or looked again after a success
    looked_at = InstantField(null=True)  # the last look that worked
    problem = models.CharField(max_length=300, blank=True)
    alarm = models.ForeignKey(CaseRow, null=True, on_delete=models.SET_NULL, related_name="+")


class CanaryRow(models.Model):
    """One test mail to one published address, and whether it arrived."""

    address = models.CharField(max_length=320)
    sent_at = InstantField()
    arrived_at = InstantField(null=True)
    failed_at = InstantField(null=True)
    alarm = models.ForeignKey(CaseRow, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["address", "id"], name="canary_latest")]


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
    """A file that came with a message. Its bytes lie encrypted in ``HOME/files/NAME``; never served inline.

    ``name`` is a keyed digest of its owner and its content: the same file of the same person lies there once. The key
    of its bytes follows from the owner's data key and the name.
    """

    message = models.ForeignKey(MessageRow, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=40, db_index=True)
    media_type = models.CharField(max_length=120)  # as sniffed, not as declared
    size = models.PositiveBigIntegerField()
    label_blob = models.BinaryField()  # the file's own name, sealed


class NoticeRow(models.Model):
    """The outbox: one mail to one recipient, sent at least once under one idempotency key."""

    case = models.ForeignKey(CaseRow, null=True, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=64, unique=True)
    notice = models.CharField(max_length=40)  # groups the recipients of one notice
    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=60)  # whose key seals the blob
    blob = models.BinaryField()  # recipient, subject line, body, threading headers
    created_at = InstantField()
    state = models.CharField(max_length=12)  # waiting | held | accepted | filed | bounced | given_up
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = InstantField(null=True)
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    settled_at = InstantField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    thread_key = models.CharField(
        max_length=64, db_default="", blank=True
    )  # keyed digest of its Message-ID, once tried

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["thread_key"], name="notice_thread", condition=~Q(thread_key="")),
            models.Index(fields=["kind", "created_at"], name="notice_kind"),
            models.Index(fields=["try_at"], name="notice_try", condition=Q(try_at__isnull=False)),
            models.Index(fields=["case", "notice"], name="notice_of_case"),
        ]
