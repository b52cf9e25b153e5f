"""What a change adds: findings that were not there before, and changes of the manifest in words.

What makes administrators consent again: developer.atlassian.com/platform/forge/versions, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forgeward.prevent.findings import ManifestChange, Report
from forgeward.prevent.manifest import Egress, Manifest
from forgeward.prevent.project import Project
from forgeward.prevent.yaml_lines import Map, items, leaf


def added(before: Report, after: Report) -> Report:
    """The later report without the findings that the earlier one has too."""
    known = {f.fingerprint for f in before.findings} | {s.fingerprint for s in before.suppressed}
    return msgspec.structs.replace(after, findings=tuple(f for f in after.findings if f.fingerprint not in known))


def manifest_changes(before: Project, after: Project) -> tuple[ManifestChange, ...]:
    """Of each app of either side, in the order of paths."""
    old, new = ({a.root: a.manifest for a in project.apps} for project in (before, after))
    found: list[ManifestChange] = []
    for root in sorted(old.keys() | new.keys()):
        if root not in old:
            found.append(ManifestChange(new[root].path, "is a new app", consent=True))
        elif root not in new:
            found.append(ManifestChange(old[root].path, "is gone", consent=False))
        else:
            found += _between(old[root], new[root])
    return tuple(found)


def _between(old: Manifest, new: Manifest) -> list[ManifestChange]:
    makers = (_scopes, _egress, _policy, _remotes, _providers, _triggers, _others)
    return [ManifestChange(new.path, words, consent) for make in makers for words, consent in make(old, new)]


def _sets(old: set[str], new: set[str], what: str) -> Iterator[tuple[str, bool]]:
    yield from ((f"adds {what}{name}", True) for name in sorted(new - old))
    yield from ((f"removes {what}{name}", True) for name in sorted(old - new))


def _scopes(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    yield from _sets({s.name for s in old.scopes}, {s.name for s in new.scopes}, "")
    before = {s.name for s in old.scopes if s.impersonates}
    yield from (
        (f"may act as any user with {s.name}", True) for s in new.scopes if s.impersonates and s.name not in before
    )


def _egress(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    before, after = _addresses(old), _addresses(new)
    for key in sorted(after.keys() - before.keys()):
        yield f"may reach {key[1]} ({key[0]})", True
    for key in sorted(before.keys() - after.keys()):
        yield f"no longer reaches {key[1]} ({key[0]})", False
    for key in sorted(before.keys() & after.keys()):
        was, now = before[key], after[key]
        if was.category != now.category:
            yield f"gives {key[1]} the category {now.category or 'none'} instead of {was.category or 'none'}", True
        if now.in_scope and not was.in_scope:
            yield f"says that end-user data now goes to {key[1]}", True
        elif was.in_scope and not now.in_scope:
            yield f"says that end-user data no longer goes to {key[1]}", False
    path = ("permissions", "external", "configurable", "enabled")
    if leaf(new.tree.get(*path)) == "true" and leaf(old.tree.get(*path)) != "true":
        yield "lets administrators add addresses", True


def _addresses(manifest: Manifest) -> dict[tuple[str, str], Egress]:
    return {(e.kind, e.address): e for e in manifest.egress}


def _policy(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    before, after = ({f"{c.value} for {c.kind}" for c in m.csp} for m in (old, new))
    yield from ((f"admits {name}", True) for name in sorted(after - before))
    yield from ((f"no longer admits {name}", False) for name in sorted(before - after))


def _remotes(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    before, after = _keyed(old, "remotes", "baseUrl"), _keyed(new, "remotes", "baseUrl")
    yield from _sets(set(before), set(after), "the remote ")
    for key in sorted(before.keys() & after.keys()):
        if before[key] != after[key]:
            yield f"moves the remote {key} from {before[key] or 'elsewhere'} to {after[key] or 'several regions'}", True


def _providers(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    before, after = _keyed(old, "providers", "clientId"), _keyed(new, "providers", "clientId")
    yield from _sets(set(before), set(after), "the provider ")
    yield from (
        (f"changes the client of the provider {key}", True)
        for key in sorted(before.keys() & after.keys())
        if before[key] != after[key]
    )


def _keyed(manifest: Manifest, part: str, value: str) -> dict[str, str]:
    node = manifest.tree.get(part)
    listed = items(node.get("auth")) if isinstance(node, Map) else items(node)
    return {leaf(n.get("key")): leaf(n.get(value)) for n in listed if isinstance(n, Map)}


def _triggers(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    before, after = _dynamic(old), _dynamic(new)
    for key in sorted(after - before):
        yield f"adds the web trigger {key}, which answers dynamically", not before
    for key in sorted(before - after):
        yield f"removes the web trigger {key}", False


def _dynamic(manifest: Manifest) -> set[str]:
    listed = manifest.module_items("webtrigger")
    return {leaf(m.get("key")) for m in listed if leaf(m.get("response", "type")) != "static"}


def _others(old: Manifest, new: Manifest) -> Iterator[tuple[str, bool]]:
    known = {"function", "webtrigger"}
    before, after = ({(kind, key) for kind, key, _ in m.keys if kind not in known} for m in (old, new))
    yield from ((f"adds the module {key} ({kind})", False) for kind, key in sorted(after - before))
    yield from ((f"removes the module {key} ({kind})", False) for kind, key in sorted(before - after))
    if old.runtime != new.runtime:
        yield f"runs on {new.runtime or 'the legacy sandbox'} instead of {old.runtime or 'the legacy sandbox'}", False
    path = ("app", "licensing", "enabled")
    if leaf(new.tree.get(*path)) == "true" and leaf(old.tree.get(*path)) != "true":
        yield "switches licensing on", True
    if old.app_id != new.app_id:
        yield f"is another app: {new.app_id or 'without id'}", True
