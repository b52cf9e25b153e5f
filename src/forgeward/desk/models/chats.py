"""What is said in chats: how each room is, and what waits for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.history import Entry


class ChatRoomRow(models.Model):
    """A room of the settings: how far the ledger was looked through for it, and how it takes what is sent."""

    name = models.CharField(max_length=40, primary_key=True)
    cursor = models.PositiveBigIntegerField()  # the next leaf to look at
    sent_at = InstantField(null=True)  # the last message that was taken
    digest_at = InstantField(null=True)  # the digest that was made last was due then
    fails = models.PositiveIntegerField(default=0)  # tries in a row
    rest_until = InstantField(null=True)
    problem = models.CharField(max_length=300, blank=True)  # a sentence while it does not take what is sent
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)


class ChatRow(models.Model):
    """One reminder, alarm or digest for one room. Those with the same ``post`` are one message, under that name."""

    room = models.ForeignKey(ChatRoomRow, on_delete=models.CASCADE, related_name="rows")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="+")  # none of a digest or test
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8)  # reminder | alarm | digest | test
    post = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=12, default="waiting")  # waiting | taken | over | given_up
    began_at = InstantField()
    settled_at = InstantField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "entry"], name="said_once")]
        indexes: ClassVar = [
            models.Index(fields=["room", "id"], name="chat_waits", condition=Q(state="waiting")),
            models.Index(fields=["settled_at"], name="chat_settled", condition=Q(settled_at__isnull=False)),
        ]
