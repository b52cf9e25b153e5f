"""What must have been true for a node to be evaluated: conditions on the way, calls before it that would have thrown.

A guard is a proof that somebody was asked: a permission check of the product, a comparison with the account that calls,
or the verification of a secret or signature. It counts only where the result decides: negations, inverted branches,
disjunctions, helpers that return or throw, promises that nobody awaits and failures that a catch clause swallows are
told apart.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from forgeward.prevent.flow import product
from forgeward.prevent.flow.calls import CALLBACK, Calls, Edge
from forgeward.prevent.flow.slices import MAX_CHAIN, Chain, Origin, Slicer
from forgeward.prevent.flow.structure import Structure
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.syntax import kinds as k

MAX_DEPTH = 9
_FALSY = {"false", "null", "undefined", "0", "''", "NaN", "-1"}
_GOOD_STATUS = {"200", "201", "202", "204"}
_BAD_STATUS = {"400", "401", "403", "404", "-1", "0", "300"}
_MEMBERSHIP = {"includes", "has", "indexOf", "some", "find", "findIndex", "every", "startsWith", "get", "filter"}
_VERIFIES = re.compile(
    r"(^|[:.])(timingSafeEqual|safeEqual|safeCompare|secureCompare|constantTimeEqual|scmp|tsscmp|bufferEq|verify"
    r"|jwtVerify|verifyHmac|verifySignature|validateSignature|compactVerify|verifyContextToken|constructEvent"
    r"|decodeSymmetric|decodeAsymmetric|verifyRequest|validateWebhook|verifyWebhook|timing-safe-compare:default"
    r"|tsscmp:default|scmp:default|compareSync|compare)$"
)
_DENIALS = re.compile(r"err|denied|missing|forbidden|invalid|fail|reject|unauth|violation|problem", re.IGNORECASE)

_PROOF_PARTS = {"headers", "query", "queryParameters", "params"}
_PROOF_NAMES = re.compile(r"token|secret|signature|^sig$|hmac|digest|hash|auth|key|passw|nonce|code", re.IGNORECASE)
_KNOWN_CALLS = re.compile(
    r"createHmac|createHash|Hmac|storage\b.*\.get|@forge/kvs:.*get|@forge/storage:|scrypt|pbkdf2|subtle\.sign"
)


class Guard(NamedTuple):
    """``resources`` are nodes in ``chain``; ``everywhere`` needs no binding.

    ``kind``: permission (asked the product), read (read as the user), account (who calls was compared with something
    known), self (what was sent names who calls), verified (a secret, signature or token).
    """

    kind: str
    node: int
    chain: Chain
    resources: tuple[int, ...] = ()
    everywhere: bool = False
    timing: bool = False  # compared with an operator, not in constant time


class Visit(NamedTuple):
    """A node that is reached from an entry through a chain of calls."""

    node: int
    chain: Chain


class Guards(Structure):
    """Answers for one app."""

    def __init__(self, calls: Calls, slicer: Slicer) -> None:
        super().__init__(calls)
        self.slicer = slicer
        self._memo: dict[tuple[int, Chain], tuple[Guard, ...]] = {}
        self._busy: set[tuple[int, bool, int]] = set()

    def of_visit(self, visit: Visit) -> tuple[Guard, ...]:
        """All guards on the way of a visit, outermost first."""
        found: list[Guard] = []
        for depth, edge in enumerate(visit.chain):
            found += self.at(edge.site, visit.chain[:depth])
        found += self.at(visit.node, visit.chain)
        return tuple(dict.fromkeys(found))

    def at(self, node: int, chain: Chain) -> tuple[Guard, ...]:
        """The guards inside the function of ``node`` that hold when it is evaluated."""
        key = (node, chain)
        if key not in self._memo:
            self._memo[key] = ()
            self._memo[key] = tuple(self._at(node, chain, 0))
        return self._memo[key]

    def _at(self, node: int, chain: Chain, depth: int) -> list[Guard]:
        conditions, earlier = self.facts(node)
        found: list[Guard] = []
        for cond, truth in conditions:
            found += self.proven(cond, truth, chain, depth + 1)
        spine = self.spine(node)
        for call in earlier:
            found += self._thrown(call, chain, depth + 1, in_spine=call in spine)
        return found

    # Calls that throw

    def _thrown(self, call: int, chain: Chain, depth: int, *, in_spine: bool) -> list[Guard]:
        """What a call proves by coming back."""
        if depth > MAX_DEPTH:
            return []
        waited = in_spine or self.awaited(call)
        edges = [e for e in self.edges_at(call, chain) if e.how != CALLBACK]
        found: list[Guard] = []
        for edge in edges:
            function = self.linker.modules[edge.function >> SHIFT].functions[edge.function & MASK]
            if function.is_async and not waited:
                return []
            found += self._completed(edge, chain, depth + 1)
        if not edges and self.verifies(call) and self._throws(call, waited=waited):
            found.append(Guard("verified", call, chain))
        return found

    def _throws(self, call: int, *, waited: bool) -> bool:
        symbols = " ".join(self.calls.symbols.get(call, ()))
        if "timingSafeEqual" in symbols or "ompare" in symbols or "crypto:" in symbols:
            return False  # these answer with a boolean
        return waited or "jsonwebtoken" in symbols or "jwt" in symbols

    def _completed(self, edge: Edge, chain: Chain, depth: int) -> list[Guard]:
        """The guards that hold at every normal end of a called function."""
        key = (edge.function, True, edge.site)
        if len(chain) >= MAX_CHAIN or key in self._busy or depth > MAX_DEPTH:
            return []
        base = edge.function & ~MASK
        mod = self.linker.modules[edge.function >> SHIFT]
        inner = (*chain, edge)
        self._busy.add(key)
        try:
            found: list[Guard] = []
            for region in mod.functions[edge.function & MASK].exits:
                conditions, earlier = self.region_facts(base, region, MASK)
                here = [g for c, truth in conditions for g in self.proven(c, truth, inner, depth + 1)]
                for call in earlier:
                    here += self._thrown(call, inner, depth + 1, in_spine=False)
                if not here:
                    return []
                found += here
            return found
        finally:
            self._busy.discard(key)

    # Conditions

    def proven(  # noqa: PLR0911 - a table of kinds
        self, node: int, truth: bool, chain: Chain, depth: int = 0
    ) -> list[Guard]:
        """The guards that hold when a node was evaluated to something true, or false."""
        if depth > MAX_DEPTH:
            return []
        mod, base, n = self.linker.modules[node >> SHIFT], node & ~MASK, node & MASK
        kind, ops, text = mod.kind[n], mod.ops[n], mod.text[n]
        if kind == k.UNARY and text == "!":
            return self.proven(base | ops[0], not truth, chain, depth + 1)
        if kind == k.AWAIT:
            return self.proven(base | ops[0], truth, chain, depth + 1)
        if kind == k.CHOICE:
            return self._choice(base, text, ops, truth, chain, depth)
        if kind == k.VAR:
            return self._each([base | d for d in mod.variables[ops[0]].defs], truth, chain, depth)
        if kind == k.BINARY:
            return self._compared(node, truth, chain, depth)
        if kind == k.CALL:
            return self._called(node, truth, chain, depth)
        if kind == k.PARAM:
            return self._given(node, truth, chain, depth)
        return self._derived(node, chain) if truth or self._is_denial(node) else []

    def _is_denial(self, node: int) -> bool:
        mod, n = self.linker.modules[node >> SHIFT], node & MASK
        return mod.kind[n] == k.MEMBER and (mod.text[n] == "length" or bool(_DENIALS.search(mod.text[n])))

    def _given(self, node: int, truth: bool, chain: Chain, depth: int) -> list[Guard]:
        mod = self.linker.modules[node >> SHIFT]
        function, position = node & ~MASK | mod.ops[node & MASK][0], mod.ops[node & MASK][1]
        for at in range(len(chain), 0, -1):
            edge = chain[at - 1]
            if edge.function != function:
                continue
            if edge.how == CALLBACK:
                source, element = self.calls.callback_source(edge, position)
                nodes = [source] if source >= 0 and not element else []
            else:
                nodes = self.calls.given(edge, position)
            return [g for given in nodes for g in self.proven(given, truth, chain[: at - 1], depth + 1)]
        return []

    def _choice(
        self, base: int, op: str, ops: tuple[int, ...], truth: bool, chain: Chain, depth: int
    ) -> list[Guard]:  # fmt: skip
        left, right = base | ops[1], base | ops[2]
        if op == "&&" and truth:
            return self.proven(left, True, chain, depth + 1) + self.proven(right, True, chain, depth + 1)
        if op == "||" and not truth:
            return self.proven(left, False, chain, depth + 1) + self.proven(right, False, chain, depth + 1)
        if op == "?" and self._constant_is(right, not truth):
            cond = base | ops[0]
            return self.proven(cond, True, chain, depth + 1) + self.proven(left, truth, chain, depth + 1)
        if op == "?" and self._constant_is(left, not truth):
            cond = base | ops[0]
            return self.proven(cond, False, chain, depth + 1) + self.proven(right, truth, chain, depth + 1)
        return self._each([left, right], truth, chain, depth)

    def _each(self, nodes: list[int], truth: bool, chain: Chain, depth: int) -> list[Guard]:
        """What holds whichever of the nodes it was; those that cannot be ``truth`` are left out."""
        found: list[Guard] = []
        for node in nodes:
            if self._constant_is(node, not truth):
                continue
            here = self.proven(node, truth, chain, depth + 1)
            if not here:
                return []
            found += here
        return found

    def _constant_is(self, node: int, truth: bool) -> bool:
        mod, n = self.linker.modules[node >> SHIFT], node & MASK
        if mod.kind[n] == k.LITERAL:
            return (mod.text[n] not in _FALSY) == truth
        if mod.kind[n] in {k.OBJECT, k.ARRAY, k.FUNC}:
            return truth
        return mod.kind[n] == k.STRING and bool(mod.text[n]) == truth

    def _compared(self, node: int, truth: bool, chain: Chain, depth: int) -> list[Guard]:
        mod, base = self.linker.modules[node >> SHIFT], node & ~MASK
        op, ops = mod.text[node & MASK], mod.ops[node & MASK]
        if op in {">", ">=", "<", "<=", "in", "instanceof"}:
            other = ops[1] if op in {"<", "<="} and mod.kind[ops[0]] == k.LITERAL else ops[0]
            bad = op in {"<", "<="} and mod.kind[ops[1]] == k.LITERAL
            return self._derived(base | (ops[1] if op == "in" else other), chain) if truth != bad else []
        if op not in {"===", "==", "!==", "!="} or len(ops) != 2:
            return []
        equal = truth == (op in {"===", "=="})
        for this, other in ((ops[0], ops[1]), (ops[1], ops[0])):
            if mod.kind[other] in {k.LITERAL, k.STRING}:
                return self._against(base | this, base | other, equal, chain, depth)
        return self._same(node, base | ops[0], base | ops[1], chain) if equal else []

    def _against(self, node: int, constant: int, equal: bool, chain: Chain, depth: int) -> list[Guard]:
        mod = self.linker.modules[constant >> SHIFT]
        text, kind = mod.text[constant & MASK], mod.kind[constant & MASK]
        if kind == k.LITERAL and text in {"true", "false", "null", "undefined"}:
            return self.proven(node, equal == (text == "true"), chain, depth + 1)
        if kind == k.LITERAL:
            good = text in _GOOD_STATUS
            return self._derived(node, chain) if (equal and good) or (not equal and text in _BAD_STATUS) else []
        if not equal:
            return []
        origins = self.slicer.slice(node, chain).origins
        if any(_is_account(o) for o in origins):
            return [Guard("account", node, chain)]
        return self._derived(node, chain) + self._secret(node, constant, constant, chain, timing=True)

    def _same(self, node: int, left: int, right: int, chain: Chain) -> list[Guard]:
        """Two values were found equal: the caller's account with something known, or a secret with what was sent."""
        sides = [self.slicer.slice(side, chain).origins for side in (left, right)]
        for mine, other in (sides, sides[::-1]):
            if any(_is_account(o) for o in mine):
                kind = "self" if other and all(_is_sent(o) for o in other) else "account"
                return [Guard(kind, node, chain)]
        found = self._derived(left, chain) + self._derived(right, chain)
        return found + self._secret(node, left, right, chain, timing=True)

    def _secret(self, node: int, left: int, right: int, chain: Chain, *, timing: bool) -> list[Guard]:
        """A proof that was sent (a header, a token, a signature) equals what only the app and the sender know."""
        sides = [self.slicer.slice(side, chain).origins for side in (left, right)]
        for sent, known in (sides, sides[::-1]):
            if any(_is_proof(o) for o in sent) and any(_is_known(o) for o in known):
                return [Guard("verified", node, chain, timing=timing)]
        return []

    def _called(  # noqa: PLR0911 - a table of callees
        self, node: int, truth: bool, chain: Chain, depth: int
    ) -> list[Guard]:
        mod, base, ops = (
            self.linker.modules[node >> SHIFT],
            node & ~MASK,
            self.linker.modules[node >> SHIFT].ops[node & MASK],
        )
        edges = [e for e in self.edges_at(node, chain) if e.how != CALLBACK]
        if edges:
            found: list[Guard] = []
            for edge in edges:
                if self.is_async(edge.function) and not self.settled(node, chain):
                    return []
                here = self._returned(edge, truth, chain, depth)
                if not here:
                    return []
                found += here
            return found
        if not truth:
            return []
        symbols = self.calls.symbols.get(node, ())
        if symbols == (":Boolean",) and len(ops) > 1:
            return self.proven(base | ops[1], truth, chain, depth + 1)
        if self.verifies(node):
            return [Guard("verified", node, chain)]
        callee = ops[0]
        if mod.kind[callee] == k.MEMBER and mod.text[callee] in _MEMBERSHIP:
            return self._member_of(node, chain)
        return self._derived(node, chain)

    def verifies(self, node: int) -> bool:
        """Whether a call verifies a signature, a token or a secret by its very name."""
        mod = self.linker.modules[node >> SHIFT]
        callee = mod.ops[node & MASK][0]
        symbols = self.calls.symbols.get(node, ())
        if any(map(_is_verifier, symbols)):
            return True
        return mod.kind[callee] == k.MEMBER and mod.text[callee] in {"verify", "timingSafeEqual"}

    def _member_of(self, node: int, chain: Chain) -> list[Guard]:
        mod, base = self.linker.modules[node >> SHIFT], node & ~MASK
        ops = mod.ops[node & MASK]
        receiver = base | mod.ops[ops[0]][0]
        found = self._derived(receiver, chain)
        for argument in ops[1:]:
            edges = [e for e in self.calls.edges.get(node, ()) if e.how == CALLBACK]
            for edge in edges:
                returns = self.linker.modules[edge.function >> SHIFT].functions[edge.function & MASK].returns
                for r in returns:
                    found += self.proven(edge.function & ~MASK | r, True, (*chain, edge), MAX_DEPTH - 2)
            origins = self.slicer.slice(base | argument, chain).origins if not edges else []
            known = self.slicer.slice(receiver, chain).origins
            if any(_is_account(o) for o in origins) and not all(_is_sent(o) for o in known):
                found.append(Guard("account", node, chain))
        return found

    def _returned(self, edge: Edge, truth: bool, chain: Chain, depth: int) -> list[Guard]:
        """What holds when a called function returned something true (or false)."""
        key = (edge.function, truth, edge.site)
        if len(chain) >= MAX_CHAIN or key in self._busy or depth > MAX_DEPTH:
            return []
        mod, base = self.linker.modules[edge.function >> SHIFT], edge.function & ~MASK
        function = mod.functions[edge.function & MASK]
        if not truth and len(function.exits) > len(function.returns):
            return []  # it may also end without a value
        inner = (*chain, edge)
        self._busy.add(key)
        found: list[Guard] = []
        try:
            for r, region in zip(function.returns, function.exits, strict=False):
                if self._constant_is(base | r, not truth):
                    continue
                conditions, earlier = self.region_facts(base, region, MASK)
                here = self.proven(base | r, truth, inner, depth + 1)
                here += [g for c, t in conditions for g in self.proven(c, t, inner, depth + 1)]
                for call in earlier:
                    here += self._thrown(call, inner, depth + 1, in_spine=False)
                if not here:
                    return []
                found += here
        finally:
            self._busy.discard(key)
        return found

    def _derived(self, node: int, chain: Chain) -> list[Guard]:
        """The checks that a value comes from."""
        found: list[Guard] = []
        for origin in self.slicer.slice(node, chain).origins:
            if origin.sort == "call":
                found += self._asked(origin)
        return found

    def _asked(self, origin: Origin) -> list[Guard]:
        if not self.settled(origin.node, origin.chain):
            return []  # a promise is always true
        asked = product.check(origin.node, self.calls, self.slicer)
        if asked is not None:
            return [Guard("permission", origin.node, origin.chain, asked.resources, asked.everywhere)]
        if self.verifies(origin.node):
            return [Guard("verified", origin.node, origin.chain)]
        call = product.product_call(origin.node, self.calls)
        if call is not None and call.principal == "user":
            return [Guard("read", origin.node, origin.chain, product.resources(call, self.slicer))]
        return []


@cache
def _is_verifier(symbol: str) -> bool:
    return _VERIFIES.search(symbol) is not None


def _is_account(origin: Origin) -> bool:
    """The account that calls, as the platform says it."""
    return origin.sort == "input" and bool(origin.path) and origin.path[-1] in {"accountId", "principal"} and (
        origin.path[0] in {"context", "principal"} or origin.text == "1"
    )  # fmt: skip


def _is_sent(origin: Origin) -> bool:
    """What the caller chose."""
    if origin.sort != "input":
        return False
    return not (origin.text != "0" or (origin.path and origin.path[0] in {"context", "principal"}))


def _is_proof(origin: Origin) -> bool:
    """What a sender proves itself with: a header or parameter, or a field of the body that says so."""
    if not _is_sent(origin) or not origin.path:
        return False
    return bool(_PROOF_PARTS & set(origin.path)) or _PROOF_NAMES.search(origin.path[-1]) is not None


def _is_known(origin: Origin) -> bool:
    """What the app keeps or computes: from its storage or variables, or a MAC; or a literal like a secret."""
    if origin.sort == "env":
        return True
    if origin.sort == "const":
        text = origin.text
        return len(text) >= 12 and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    return origin.sort == "call" and _KNOWN_CALLS.search(origin.text) is not None
