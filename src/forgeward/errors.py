"""Every error that Forgeward raises on purpose.

    ForgewardError                  exit 2: could not do it
    ├── BadInput                    a file, an option or a value cannot be used as it is
    │   ├── PolicyInvalid           the policy document has problems, each with its line
    │   │   └── LettersInvalid      so has a file of letters
    │   ├── VectorInvalid           a CVSS vector does not parse
    │   └── KeyUnusable             an OpenPGP key is missing, has ended, was revoked or does not read
    │       └── Withheld            a letter must be encrypted and cannot be: it is held for a person
    ├── NotFound                    no such case, promise, person, entry
    │   └── KeyErased               the person's key was destroyed: the value is gone for good
    ├── NotAllowed                  this person may not do that
    │   └── SignInNeeded            no token, or one that is unknown, ended or was revoked
    ├── Conflict                    somebody else changed it meanwhile; look again
    │   └── Outdated                it is not any more as the caller had seen it
    ├── TooFast                     more calls than are allowed in this time; `after` says how many seconds to wait
    ├── ServerTrouble               the machine that --server names cannot be reached, or is no desk
    ├── HomeUnusable                the home folder cannot be written, is full, in use, or of another version
    │   └── ClockWentBack           the machine's clock stands before the last recorded instant
    ├── ParserUnavailable           no guarded mail parser can be started; the mail is stored, nothing is lost
    ├── MailboxTrouble              a mailbox cannot be read now; its mails wait on their server
    ├── SignerFailed                the command that holds the ledger's key did not sign; nothing was changed
    └── AnswerIsNo                  exit 1: the question was understood, the answer is no
        ├── StepRefused             a step's requirements are not met; `missing` names each
        └── VerificationFailed      a pack, a checkpoint or a table does not agree with the history

Each error is a sentence, carries a stable ``code`` and says in ``next`` what the caller does now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ForgewardError(Exception):
    """The root. ``str(error)`` says what happened; ``next`` says what to do."""

    code = "error"
    exit_code = 2

    def __init__(self, message: str, *, next: str = "") -> None:
        super().__init__(message)
        self.next = next


class BadInput(ForgewardError):
    code = "bad_input"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a document: ``where`` is ``file:line`` or a path, ``what`` a sentence."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class PolicyInvalid(BadInput):
    code = "policy_invalid"

    def __init__(self, problems: Sequence[Problem], *, next: str = "Mend these lines, then check again.") -> None:
        super().__init__("\n".join(str(p) for p in problems), next=next)
        self.problems = tuple(problems)


class LettersInvalid(PolicyInvalid):
    code = "letters_invalid"


class VectorInvalid(BadInput):
    code = "vector_invalid"


class KeyUnusable(BadInput):
    code = "key_unusable"


class Withheld(KeyUnusable):
    code = "withheld"


class NotFound(ForgewardError):
    code = "not_found"


class KeyErased(NotFound):
    code = "key_erased"


class NotAllowed(ForgewardError):
    code = "not_allowed"


class SignInNeeded(NotAllowed):
    code = "sign_in_needed"

    def __init__(self, message: str, *, next: str = "Make a token with `forgeward token make`.") -> None:
        super().__init__(message, next=next)


class Conflict(ForgewardError):
    code = "conflict"


class Outdated(Conflict):
    code = "outdated"


class TooFast(ForgewardError):
    code = "too_fast"

    def __init__(self, after: int) -> None:
        super().__init__("These are more calls than a token may make.", next=f"Go on in {after} seconds.")
        self.after = after


class ServerTrouble(ForgewardError):
    code = "server_trouble"


class HomeUnusable(ForgewardError):
    code = "home_unusable"


class ClockWentBack(HomeUnusable):
    code = "clock_went_back"


class ParserUnavailable(ForgewardError):
    code = "parser_unavailable"

    def __init__(self, message: str, *, next: str = "Run `forgeward doctor`; stored mails are parsed later.") -> None:
        super().__init__(message, next=next)


class MailboxTrouble(ForgewardError):
    code = "mailbox_trouble"

    def __init__(self, message: str, *, next: str = "It is tried again; `forgeward doctor` shows how it is.") -> None:
        super().__init__(message, next=next)


class SignerFailed(ForgewardError):
    code = "signer_failed"


class AnswerIsNo(ForgewardError):
    code = "no"
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Lack:
    """One requirement that is not met.

    ``name`` is also the name of the command's option and of the form's field, ``promise`` the id of the promise that
    asks for it (empty for a rule of the house), ``sentence`` tells a person what is missing.
    """

    name: str
    promise: str
    sentence: str


class StepRefused(AnswerIsNo):
    code = "step_refused"

    def __init__(self, step: str, missing: Sequence[Lack], *, why: str = "", next: str = "") -> None:
        names = ", ".join(lack.name for lack in missing)
        message = why or f"“{step}” was not recorded. Missing: {names}."
        super().__init__(message, next=next or "; ".join(lack.sentence for lack in missing))
        self.step = step
        self.missing = tuple(missing)


class VerificationFailed(AnswerIsNo):
    code = "verification_failed"
