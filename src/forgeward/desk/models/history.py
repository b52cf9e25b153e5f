"""The ledger's tables: entries (never updated), their sealed values, the tree and its checkpoints."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField


class Entry(models.Model):
    """One thing that happened. ``body`` holds the canonical bytes that the leaf hashes; columns are copies of it.

    ``actor`` (``person:3``, ``system:worker``) is not in the leaf in clear: there only its salted digest is.
    """

    # Foreign keys without an index of their own: the unique constraints begin with them, and each index is a page more
    # that an action writes while others wait.
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.PositiveIntegerField()  # 0 for entries of the programme, which are not numbered
    at = InstantField()
    kind = models.CharField(max_length=48)
    actor = models.CharField(max_length=40)
    body = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "seq"], name="entry_of_case"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(case__isnull=True), name="entry_of_programme")
        ]


class SealedValues(models.Model):
    """The texts and salts of one entry that belong to one subject, encrypted under that subject's key."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="sealed", db_index=False)
    subject = models.CharField(max_length=60)
    blob = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["entry", "subject"], name="sealed_once")]
        indexes: ClassVar = [models.Index(fields=["subject"], name="sealed_subject")]


class Pending(models.Model):
    """Entries that wait for the sequencer."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT)


class Leaf(models.Model):
    """Which entry has which place in the tree."""

    index = models.PositiveBigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="leaf")


class TreeNode(models.Model):
    """The hash of each complete subtree (RFC 6962); level 0 are the leaves."""

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    digest = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["level", "index"], name="node_once")]


class CheckpointRow(models.Model):
    """A signed statement of the tree's size and root (C2SP tlog-checkpoint)."""

    size = models.PositiveBigIntegerField(unique=True)
    root = models.BinaryField()
    signed_at = InstantField()
    note = models.TextField()


class Publication(models.Model):
    """Which checkpoint was given out when: at a fixed time of day (``time``), or inside a pack (``pack``).

    Readers hold these, so later packs must be able to prove that they extend them.
    """

    checkpoint = models.ForeignKey(CheckpointRow, on_delete=models.PROTECT, related_name="publications")
    at = InstantField()
    why = models.CharField(max_length=8)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["at"], condition=models.Q(why="time"), name="published_once")
        ]


class KeyRotation(models.Model):
    """A change of the ledger's key: the note signed by both, and the largest tree that the old one signed."""

    size = models.PositiveBigIntegerField()
    at = InstantField()
    note = models.TextField()
    key = models.CharField(max_length=300, unique=True)  # the new verifier key


class Witness(models.Model):
    """Somebody outside who signs checkpoints that extend the last one they saw (C2SP tlog-cosignature)."""

    name = models.CharField(max_length=200, unique=True)
    key = models.CharField(max_length=300, unique=True)
    added_at = InstantField()


class Cosignature(models.Model):
    """A witness's signature line under a checkpoint; ``stamp`` is the witness's clock, in seconds since 1970."""

    checkpoint = models.ForeignKey(CheckpointRow, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.ForeignKey(Witness, on_delete=models.PROTECT, related_name="cosignatures")
    stamp = models.BigIntegerField()
    line = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosigned_once")]
