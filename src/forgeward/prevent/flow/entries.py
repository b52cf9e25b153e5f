"""Where an app can be entered: from the manifest's functions to the code that runs, and who can run it."""

from __future__ import annotations

import enum
from typing import NamedTuple

from forgeward.prevent.flow.calls import CALLBACK, COMPONENT, Calls
from forgeward.prevent.flow.constants import strings
from forgeward.prevent.flow.values import MASK, SHIFT, Linker, Value
from forgeward.prevent.manifest import ADMIN_PAGES, LIFECYCLE, Manifest, Ref
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.kinds import SUFFIXES
from forgeward.prevent.yaml_lines import leaf

RESOLVERS = {"@forge/resolver:default", "@forge/resolver:Resolver", "@forge/resolver:"}
PUSHES = ("new @forge/events:Queue.push", "new @forge/events:default.push")


class Door(enum.StrEnum):
    """Who opens it."""

    USER = "user"  # any user who can see, or call, what the module belongs to
    ACTION = "action"  # a Rovo agent, on behalf of a user, with parameters that a model chose
    PUBLIC = "public"  # whoever knows the URL of a web trigger
    EVENT = "event"  # a product event: its facts are the product's, its texts are users'
    QUEUE = "queue"  # only what the app itself pushes
    SCHEDULE = "schedule"  # the clock
    LIFECYCLE = "lifecycle"  # installation and removal


class Entry(NamedTuple):
    """A function that is run from outside. ``key`` is the resolver key, or the function's key in the manifest."""

    door: Door
    function: int
    key: str
    refs: tuple[Ref, ...]
    resolver: bool = False  # called with one request: {payload, context}
    authenticated: bool = False  # the platform verified the caller
    admin_only: bool = False  # every module that reaches it is a page for administrators
    lexical: tuple[tuple[int, int], ...] = ()  # the wrapper calls that made the function
    site: int = -1  # the define call

    @property
    def conditions(self) -> bool:
        return any(r.conditions for r in self.refs)

    @property
    def what(self) -> str:
        """For people: “resolver save-settings (jira:issuePanel)”."""
        kinds = ", ".join(sorted({r.module_type for r in self.refs})) or "no module"
        name = {Door.PUBLIC: "web trigger", Door.ACTION: "Rovo action", Door.EVENT: "event handler"}.get(self.door)
        return f"{'resolver' if self.resolver else name or 'function'} {self.key} ({kinds})"


def handler_path(handler: str, root: str) -> tuple[list[str], str]:
    """``index.run`` → where its file may lie below ``src``, and the exported name."""
    file, _, name = handler.rpartition(".")
    prefix = f"{root}/" if root else ""
    return [f"{prefix}src/{file}{s}" for s in SUFFIXES] + [f"{prefix}{file}{s}" for s in SUFFIXES], name


def handler_module(handler: str, root: str, by_path: dict[str, int] | frozenset[str]) -> tuple[str, str]:
    """The file of a handler that exists (or empty), and the exported name."""
    paths, name = handler_path(handler, root)
    return next((p for p in paths if p in by_path), ""), name


def door_of(refs: tuple[Ref, ...]) -> Door:
    """The widest door among the modules that name a function."""
    doors = {_door(r) for r in refs}
    return next(d for d in _WIDEST_FIRST if d in doors)


_WIDEST_FIRST = (
    Door.PUBLIC, Door.USER, Door.ACTION, Door.EVENT, Door.QUEUE, Door.SCHEDULE, Door.LIFECYCLE,
)  # fmt: skip
_DOORS = {
    "webtrigger": Door.PUBLIC, "action": Door.ACTION, "trigger": Door.EVENT, "consumer": Door.QUEUE,
    "scheduledTrigger": Door.SCHEDULE,
}  # fmt: skip
_BY_PRODUCT = ("compass:", "jira:workflow", "jira:customField", "jira:jqlFunction", "automation:", "graph:", "core:")


def _door(ref: Ref) -> Door:
    if ref.module_type in LIFECYCLE:
        return Door.LIFECYCLE
    if ref.module_type in _DOORS:
        return _DOORS[ref.module_type]
    if not ref.role.endswith("resolver.function") and ref.module_type.startswith(_BY_PRODUCT):
        return Door.EVENT  # the product calls it, with facts of its own
    return Door.USER


def find(manifest: Manifest, root: str, linker: Linker, calls: Calls) -> list[Entry]:
    """All entries in the order of the manifest. Also tells ``calls`` which pushes run which consumers."""
    defined = definitions(linker, calls)
    entries: list[Entry] = []
    for function in manifest.functions.values():
        refs = tuple(r for r in manifest.refs if r.function == function.key)
        path, name = handler_module(function.handler, root, linker.by_path)
        if not refs or not path:
            continue
        facts = Entry(
            door_of(refs),
            -1,
            function.key,
            refs,
            authenticated=_authenticated(manifest, refs),
            admin_only=all(r.module_type in ADMIN_PAGES for r in refs),
        )
        nodes = linker.exported(linker.by_path[path], name)
        for value in sorted(linker.join(nodes), key=repr):
            entries += _of_value(value, facts, defined, linker)
        for node in nodes:
            entries += _of_made(node, facts, linker, calls)
    _queues(manifest, entries, linker, calls)
    return entries


def _authenticated(manifest: Manifest, refs: tuple[Ref, ...]) -> bool:
    triggers = {r.module_key for r in refs if r.module_type == "webtrigger"}
    if not triggers or len({r.module_type for r in refs}) > 1:
        return False
    modules = [m for m in manifest.module_items("webtrigger") if leaf(m.get("key")) in triggers]
    return all(m.get("request", "authentication") is not None for m in modules)


class Definition(NamedTuple):
    """``resolver.define(key, argument)`` at a call node."""

    key: str
    argument: int
    site: int


def definitions(linker: Linker, calls: Calls) -> dict[int, list[Definition]]:
    """What was defined on each ``new Resolver()``."""
    found: dict[int, list[Definition]] = {}
    for m, mod in enumerate(linker.modules):
        base = m << SHIFT
        for n, kind in enumerate(mod.kind):
            if kind != k.CALL or len(mod.ops[n]) < 3:
                continue
            callee = mod.ops[n][0]
            if mod.kind[callee] != k.MEMBER or mod.text[callee] != "define":
                continue
            made = [v for v in linker.values(base | mod.ops[callee][0]) if v[0] == "n" and v[-1] in RESOLVERS]
            for value in made:
                found.setdefault(int(value[1]), []).extend(_defined(base | n, linker, calls))
    return found


def _defined(site: int, linker: Linker, calls: Calls) -> list[Definition]:
    mod, base = linker.modules[site >> SHIFT], site & ~MASK
    key, argument = (base | o for o in mod.ops[site & MASK][1:3])
    keys = strings(key, linker)
    if keys:
        return [Definition(name, argument, site) for name in sorted(keys)]
    tables = [t for node in (argument, key) for t in tables_of(node, linker, calls)]
    return [Definition(name, node, site) for table in dict.fromkeys(tables) for name, node in _rows(table, linker)]


def tables_of(node: int, linker: Linker, calls: Calls, depth: int = 0) -> list[int]:
    """The literals that a loop over ``Object.entries(table)`` walks, where a node is one of its parts."""
    mod, base = linker.modules[node >> SHIFT], node & ~MASK
    kind, ops = mod.kind[node & MASK], mod.ops[node & MASK]
    if depth > 8:
        return []
    if kind == k.VAR:
        below = [base | d for d in mod.variables[ops[0]].defs]
    elif kind in {k.INDEX, k.ELEMENT, k.MEMBER, k.UNKNOWN}:
        below = [base | o for o in ops]
    elif kind == k.PARAM:
        edges = calls.callers.get(base | ops[0], ())
        below = [calls.receiver(e)[0] for e in edges if e.how == CALLBACK and calls.receiver(e)[0] >= 0]
    elif kind == k.CALL and calls.symbols.get(node, ("",))[:1] in {(":Object.entries",), (":Object.keys",)}:
        return [int(v[1]) for v in sorted(linker.values(base | ops[1]), key=repr) if v[0] == "o"]
    else:
        below = []
    return [table for b in below for table in tables_of(b, linker, calls, depth + 1)]


def _rows(table: int, linker: Linker) -> list[tuple[str, int]]:
    mod, base = linker.modules[table >> SHIFT], table & ~MASK
    return [(mod.text[p], base | mod.ops[p][0]) for p in mod.ops[table & MASK] if mod.kind[p] == k.PROP]


def _of_value(value: Value, facts: Entry, defined: dict[int, list[Definition]], linker: Linker) -> list[Entry]:
    if value[0] == "f":
        return [facts._replace(function=int(value[1]))]
    if value[0] != "n" or value[-1] not in RESOLVERS:
        return []
    return [e for d in defined.get(int(value[1]), ()) for e in _of_definition(d, facts, linker)]


def _of_definition(definition: Definition, facts: Entry, linker: Linker) -> list[Entry]:
    return [
        facts._replace(
            function=function, key=definition.key, resolver=True, lexical=lexical, site=definition.site,
            authenticated=False,
        )
        for function, lexical in functions_of(definition.argument, linker)
    ]  # fmt: skip


def _of_made(node: int, facts: Entry, linker: Linker, calls: Calls) -> list[Entry]:
    """``makeResolver({key: function})``."""
    made = calls.by_symbol.get("@forge/resolver:makeResolver", [])
    reached = {node, *_behind(node, linker)}
    found = []
    for site in made:
        if site not in reached:
            continue
        mod = linker.modules[site >> SHIFT]
        for value in linker.values(site & ~MASK | mod.ops[site & MASK][1]) if len(mod.ops[site & MASK]) > 1 else ():
            for name, row in _rows(int(value[1]), linker) if value[0] == "o" else ():
                found += _of_definition(Definition(name, row, site), facts, linker)
    for site in calls.by_symbol.get("@forge/ui:render", []):
        if site in reached:
            found += [facts._replace(function=f) for f in _components(site, linker, calls)]
    return found


def _components(site: int, linker: Linker, calls: Calls) -> list[int]:
    """The functions of the components that ``render(<App/>)`` of UI Kit 1 was given, also inside of others."""
    mod, base = linker.modules[site >> SHIFT], site & ~MASK
    waiting, found = list(mod.ops[site & MASK][1:]), list[int]()
    while waiting:
        n = waiting.pop()
        if mod.kind[n] == k.JSX:
            found += [e.function for e in calls.edges.get(base | n, ()) if e.how == COMPONENT]
        if mod.kind[n] in {k.JSX, k.OBJECT, k.PROP}:
            waiting += mod.ops[n]
    return sorted(set(found))


def _behind(node: int, linker: Linker) -> list[int]:
    mod, base = linker.modules[node >> SHIFT], node & ~MASK
    return [base | d for d in mod.variables[mod.ops[node & MASK][0]].defs] if mod.kind[node & MASK] == k.VAR else []


def functions_of(argument: int, linker: Linker) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
    """The functions that a node is, each with the wrapper call that made it."""
    lexical: tuple[tuple[int, int], ...] = ()
    for node in (argument, *_behind(argument, linker)):
        mod = linker.modules[node >> SHIFT]
        if mod.kind[node & MASK] == k.CALL:
            made = [v for v in linker.values(node & ~MASK | mod.ops[node & MASK][0]) if v[0] == "f"]
            lexical = lexical or tuple((node, int(v[1])) for v in made[:1])
    return [(int(v[1]), lexical) for v in sorted(linker.values(argument), key=repr) if v[0] == "f"]


def _queues(manifest: Manifest, entries: list[Entry], linker: Linker, calls: Calls) -> None:
    """Links ``new Queue({key}).push(…)`` with the function of the consumer that listens."""
    for site in sorted(s for symbol in PUSHES for s in calls.by_symbol.get(symbol, ())):
        key = _queue_key(site, linker)
        for queue in manifest.queues:
            if key is not None and queue.queue not in key:
                continue
            for entry in entries:
                if any(r.module_type == "consumer" and r.module_key == queue.consumer for r in entry.refs) and (
                    not entry.resolver or entry.key == queue.method or not queue.method
                ):
                    calls.add_queue(site, entry.function)


def _queue_key(site: int, linker: Linker) -> frozenset[str] | None:
    mod, base = linker.modules[site >> SHIFT], site & ~MASK
    callee = mod.ops[site & MASK][0]
    for value in linker.values(base | mod.ops[callee][0]) if mod.kind[callee] == k.MEMBER else ():
        if value[0] == "n":
            made = int(value[1])
            owner = linker.modules[made >> SHIFT]
            for argument in owner.ops[made & MASK][1:2]:
                for prop in owner.ops[argument] if owner.kind[argument] == k.OBJECT else ():
                    if owner.text[prop] == "key":
                        return strings(made & ~MASK | owner.ops[prop][0], linker) or None
    return None
