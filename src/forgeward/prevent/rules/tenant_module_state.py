"""Data of one customer stays in a variable that the next invocation, of another customer, may see."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.slices import Origin
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module

_PUTS = {"push", "unshift", "set", "add", "splice"}
_KEYED = {"cloudId", "installContext", "accountId", "workspaceId", "siteUrl", "environmentId", "installation"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Assignments from inside functions to variables of the module, with data of an invocation."""
    told: set[tuple[int, int]] = set()
    for node, variable, values, keys in _writes(analysis):
        module = node >> SHIFT
        mod = analysis.modules[module]
        if module not in analysis.backend or mod.variables[variable].function != 0 or (module, variable) in told:
            continue
        if not _is_read(analysis, module, variable) or any(_is_keyed(analysis, n) for n in keys):
            continue
        origins = [o for value in values for o in analysis.slicer.slice(value).origins]
        tenant = [o for o in origins if _is_tenants(analysis, o)]
        if tenant:
            told.add((module, variable))
            name = mod.variables[variable].name
            direct = any(o.sort == "input" or o.node in analysis.storage_calls for o in tenant)
            message = f"“{name}” outlives the invocation and keeps data of the site that was served first."
            yield Hit(node, message, HIGH if direct else MEDIUM, subject=(name,))


def _writes(analysis: Analysis) -> Iterator[tuple[int, int, list[int], list[int]]]:
    """A node that changes a variable from inside a function: the variable, values put in, keys they stand under."""
    for node in sorted([*analysis.nodes(k.SET, k.STORE, k.STORE_INDEX), *analysis.methods_called(*_PUTS)]):
        mod, base = analysis.module_of(node), node & ~MASK
        if mod.fn_of(node & MASK) == 0:
            continue
        kind, ops = analysis.kind(node), mod.ops[node & MASK]
        if kind == k.SET:
            yield node, ops[0], [base | ops[1]], []
        elif kind in {k.STORE, k.STORE_INDEX}:
            if mod.kind[ops[0]] == k.VAR and not (
                mod.kind[ops[0]] == k.VAR and mod.text[ops[0]] in {"exports", "module"}
            ):
                yield node, mod.ops[ops[0]][0], [base | ops[-1]], [base | o for o in ops[1:-1]]
        elif mod.kind[ops[0]] == k.MEMBER and mod.text[ops[0]] in _PUTS:
            receiver = mod.ops[ops[0]][0]
            if mod.kind[receiver] == k.VAR:
                given = [base | o for o in ops[1:]]
                keys = given[:1] if mod.text[ops[0]] == "set" else []
                yield node, mod.ops[receiver][0], given, keys


def _is_read(analysis: Analysis, module: int, variable: int) -> bool:
    """Somebody reads it in a function."""
    mod = analysis.modules[module]
    read = analysis.remembered(f"read in functions of {mod.path}", lambda: _read_in_functions(mod))
    return variable in read and mod.variables[variable].how in {"let", "var", "const"}


def _read_in_functions(mod: Module) -> frozenset[int]:
    return frozenset(mod.ops[n][0] for n, kind in enumerate(mod.kind) if kind == k.VAR and mod.fn_of(n) > 0)


def _is_keyed(analysis: Analysis, key: int) -> bool:
    """The key names the tenant."""
    return any(o.path and set(o.path) & _KEYED for o in analysis.slicer.slice(key).origins)


def _is_tenants(analysis: Analysis, origin: Origin) -> bool:
    if origin.sort == "input":
        return bool(origin.path)
    if origin.sort != "call":
        return False
    return origin.node in analysis.storage_calls or origin.node in analysis.product_calls


RULE = Rule(
    id="tenant-module-state",
    category="tenant-isolation",
    title="Customer data kept in module state",
    severity=Grade.HIGH,
    cwe=("CWE-488", "CWE-668"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-1"),
    requirement="Tenant isolation: nothing of a tenant in state that outlives the invocation.",
    why=(
        "The runtime keeps a warm process and may serve the next invocation with it, for another user or site. A "
        "variable of the module still holds what the last one put there."
    ),
    fix="Keep it in a local variable, pass it on as an argument, or key a cache by the installation.",
    example="""\
export const run = async ({ context }) => {
  const settings = await kvs.get('settings');   // not: settings ??= await kvs.get('settings')
  return render(settings);
};
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/",),
    check=check,
)
