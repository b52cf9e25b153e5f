"""Respond: what is a case, what may happen to it, what does each step ask for, and until when.

    command ──> decision.decide(case, command, context) ──> changes, notices
    change  ──> case.evolve(case, change, seq, at, actor) ──> case
    case    ──> clocks.clocks(case, policies, now) ──> what is due, by which promise

All of it is pure: `now`, persons and policies come in as arguments.
"""
