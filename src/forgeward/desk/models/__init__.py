"""The tables. Nothing here decides; ``desk.actions`` alone writes, ``desk.readers`` read.

``people`` who works here · ``cases`` what is open and by when · ``history`` entries, tree, checkpoints ·
``post`` mail in and out · ``scans`` what scanners handed in · ``programme`` policy versions, evidence, heartbeats ·
``tokens`` ways in for programs · ``webhooks`` whom we tell · ``chats`` what the team is told beside its mail ·
``lists`` saved views, and what was done to many cases at once.
"""

from forgeward.desk.models.cases import CaseRow, CaseViewer, ClockRow
from forgeward.desk.models.chats import ChatRoomRow, ChatRow
from forgeward.desk.models.history import (
    CheckpointRow,
    Cosignature,
    Entry,
    KeyRotation,
    Leaf,
    Pending,
    Publication,
    SealedValues,
    TreeNode,
    Witness,
)
from forgeward.desk.models.lists import DoneAtOnce, SavedView
from forgeward.desk.models.people import AbsenceRow, Person, SessionRow, SignInLink
from forgeward.desk.models.post import AttachmentRow, CanaryRow, MailboxRow, MessageRow, NoticeRow, RawMail
from forgeward.desk.models.programme import EvidenceRow, Heartbeat, PolicyVersion
from forgeward.desk.models.scans import ObservationRow, ScanRow
from forgeward.desk.models.tokens import ApiAnswer, ApiRate, ApiToken
from forgeward.desk.models.webhooks import DeliveryRow, WebhookRow

__all__ = [
    "AbsenceRow",
    "ApiAnswer",
    "ApiRate",
    "ApiToken",
    "AttachmentRow",
    "CanaryRow",
    "CaseRow",
    "CaseViewer",
    "ChatRoomRow",
    "ChatRow",
    "CheckpointRow",
    "ClockRow",
    "Cosignature",
    "DeliveryRow",
    "DoneAtOnce",
    "Entry",
    "EvidenceRow",
    "Heartbeat",
    "KeyRotation",
    "Leaf",
    "MailboxRow",
    "MessageRow",
    "NoticeRow",
    "ObservationRow",
    "Pending",
    "Person",
    "PolicyVersion",
    "Publication",
    "RawMail",
    "SavedView",
    "ScanRow",
    "SealedValues",
    "SessionRow",
    "SignInLink",
    "TreeNode",
    "WebhookRow",
    "Witness",
]
