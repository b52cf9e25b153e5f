"""A Forge manifest, read leniently: what is known becomes a record with its line, the rest stays in the tree.

Source: developer.atlassian.com/platform/forge/manifest-reference, read in November 2026.
"""

from __future__ import annotations

import msgspec

from forgeward.prevent.yaml_lines import Leaf, Map, Node, NotYaml, Seq, fields, items, leaf, read, walk

# Fed by nobody outside, or not by a person: their handlers run without a user.
TRIGGERS = {"trigger", "scheduledTrigger", "consumer", "webtrigger"}
# Pages that a product shows to administrators only. What is shown is no authorisation, yet it says who is meant.
ADMIN_PAGES = {
    "jira:adminPage", "confluence:globalSettings", "compass:adminPage", "jiraServiceManagement:adminPage",
    "bitbucket:workspaceSettingsMenuPage", "jira:projectSettingsPage", "confluence:spaceSettings",
    "bitbucket:repoSettingsMenuPage", "global:adminPage",
}  # fmt: skip
LIFECYCLE = {"compass:preUninstall", "dashboards:lifecycle"}


class Ref(msgspec.Struct, frozen=True):
    """A module names a function: ``role`` is the path inside the module, like ``resolver.function``."""

    module_type: str
    module_key: str
    role: str
    function: str
    line: int
    method: str = ""
    conditions: bool = False  # the module has display conditions


class FunctionDef(msgspec.Struct, frozen=True):
    key: str
    handler: str
    line: int
    authenticated: bool = False  # the platform checks a shared secret before the function runs


class Resource(msgspec.Struct, frozen=True):
    key: str
    path: str
    line: int


class Scope(msgspec.Struct, frozen=True):
    name: str
    line: int
    impersonates: bool = False


class Egress(msgspec.Struct, frozen=True):
    """One address that the app may reach. ``kind`` is the path below ``permissions.external``: ``fetch.backend`` …"""

    kind: str
    address: str
    line: int
    category: str = ""
    in_scope: bool = True


class Csp(msgspec.Struct, frozen=True):
    kind: str
    value: str
    line: int


class Queue(msgspec.Struct, frozen=True):
    consumer: str
    queue: str
    function: str
    method: str
    line: int


class Manifest(msgspec.Struct):
    """``tree`` is the whole document; ``problems`` are lines that could not be read."""

    path: str
    tree: Map
    app_id: str = ""
    runtime: str = ""
    functions: dict[str, FunctionDef] = {}
    refs: list[Ref] = []
    resources: dict[str, Resource] = {}
    resource_refs: list[tuple[str, str, int]] = []
    scopes: list[Scope] = []
    egress: list[Egress] = []
    csp: list[Csp] = []
    queues: list[Queue] = []
    keys: list[tuple[str, str, int]] = []
    problems: list[tuple[int, str]] = []

    @property
    def modules(self) -> dict[str, Node]:
        return fields(self.tree.get("modules"))

    def module_items(self, kind: str) -> list[Map]:
        """The modules of one type."""
        return [m for m in items(self.modules.get(kind)) if isinstance(m, Map)]


def load(path: str, text: str) -> Manifest:
    """Reads a manifest. Raises ``NotYaml`` where it is no YAML mapping."""
    documents = read(text)
    if not documents or not isinstance(documents[0], Map):
        raise NotYaml(1, "a manifest is a mapping")
    manifest = Manifest(path, documents[0])
    manifest.app_id = leaf(manifest.tree.get("app", "id"))
    manifest.runtime = leaf(manifest.tree.get("app", "runtime", "name"))
    for kind, node in manifest.modules.items():
        for module in items(node):
            if isinstance(module, Map):
                _module(manifest, kind, module)
    _resources(manifest)
    _permissions(manifest)
    _duplicates(manifest)
    return manifest


def _module(manifest: Manifest, kind: str, module: Map) -> None:
    key = leaf(module.get("key"))
    manifest.keys.append((kind, key, module.lines.get("key", module.line)))
    if kind == "function":
        handler = leaf(module.get("handler"))
        manifest.functions.setdefault(key, FunctionDef(key, handler, module.lines.get("handler", module.line)))
        return
    conditions = module.get("displayConditions") is not None
    for path, node in walk(module):
        if isinstance(node, Leaf) and path and path[-1] == "function":
            owner = module.get(*path[:-1]) if len(path) > 1 else module
            method = leaf(owner.get("method")) if isinstance(owner, Map) else ""
            manifest.refs.append(Ref(kind, key, ".".join(path), node.value, node.line, method, conditions))
        elif isinstance(node, Leaf) and path and path[-1] == "resource":
            manifest.resource_refs.append((kind, node.value, node.line))
    if kind == "consumer":
        function = leaf(module.get("function")) or leaf(module.get("resolver", "function"))
        method = leaf(module.get("resolver", "method"))
        manifest.queues.append(Queue(key, leaf(module.get("queue")), function, method, module.line))


def _resources(manifest: Manifest) -> None:
    for node in items(manifest.tree.get("resources")):
        if isinstance(node, Map):
            key = leaf(node.get("key"))
            manifest.resources.setdefault(key, Resource(key, leaf(node.get("path")).strip("/"), node.line))


def _permissions(manifest: Manifest) -> None:
    scopes = manifest.tree.get("permissions", "scopes")
    for node in items(scopes):
        manifest.scopes.append(Scope(leaf(node), node.line))
    if isinstance(scopes, Map):
        for name, node in scopes.entries.items():
            impersonates = isinstance(node, Map) and leaf(node.get("allowImpersonation")) == "true"
            manifest.scopes.append(Scope(name, scopes.lines[name], impersonates))
    for kind in ("scripts", "styles"):
        for node in items(manifest.tree.get("permissions", "content", kind)):
            manifest.csp.append(Csp(kind, leaf(node), node.line))
    external = manifest.tree.get("permissions", "external")
    for name, node in fields(external).items():
        if name == "fetch":
            for side in ("backend", "client"):
                _addresses(manifest, f"fetch.{side}", fields(node).get(side))
        else:
            _addresses(manifest, name, node)


def _addresses(manifest: Manifest, kind: str, node: Node | None) -> None:
    for entry in items(node):
        if isinstance(entry, Leaf):
            manifest.egress.append(Egress(kind, entry.value, entry.line))
        elif isinstance(entry, Map):
            address = leaf(entry.get("address"))
            if address:
                in_scope = leaf(entry.get("inScopeEUD")) != "false"
                manifest.egress.append(Egress(kind, address, entry.line, leaf(entry.get("category")), in_scope))


def _duplicates(manifest: Manifest) -> None:
    for _, node in walk(manifest.tree):
        if isinstance(node, Map):
            manifest.problems.extend((line, f"“{key}” stands twice") for key, line in node.twice)


__all__ = ["Leaf", "Manifest", "Map", "NotYaml", "Seq", "load"]
