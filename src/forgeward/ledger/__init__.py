"""The ledger: what happened, as bytes that outsiders can verify without us.

    entry  ──▶  tree  ──▶  checkpoint  ──▶  pack
    canonical   RFC 6962   signed note      one file with entries,
    bytes       hashes     (C2SP)           proofs and policy in force

Needs the standard library, msgspec and cryptography; no database, no network, no clock, no randomness of its own.
"""
