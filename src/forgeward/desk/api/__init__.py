"""``/api/v1``: what pages and commands do, for programs, through the same actions and readers.

door       every error leaves as problem+json; sizes; no cookies
gate       token, pace, scope and role: the permission table is asked before an operation is
calls      how an operation is declared: one function, its action, its shapes
bodies     JSON in, strictly: unknown fields are refused
problems   from ``forgeward.errors`` to RFC 9457
describe   the OpenAPI document
cases · mail · policy · people · house    the operations
"""
