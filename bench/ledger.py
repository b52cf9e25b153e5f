"""What the ledger costs for a million entries, each figure beside its floor of the same run.

The floor is one SHA-256 call for each entry: nothing that verifies entries can do with less.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.report import Figure
from forgeward.edges.cores import begin
from forgeward.ledger import checkpoint, entry, pack, tree
from forgeward.ledger.verify import verify

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SEED = bytes(range(32))


def signer() -> checkpoint.Signer:
    """A fixed key: the figures do not depend on it."""
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    return checkpoint.Signer(
        checkpoint.VerifierKey("bench.example/ledger", private.public_key().public_bytes_raw()), private.sign
    )


def history(count: int) -> Iterator[pack.PackEntry]:
    """Entries of cases that live side by side, 12 each; every entry has one disclosed text with its salt."""
    chance, open_cases, opened_so_far = random.Random(1), {}, 0
    for index in range(count):
        if len(open_cases) < min(2_000, count // 12 + 1):
            open_cases[f"FW-{opened_so_far:06d}"] = 0
            opened_so_far += 1
        case = chance.choice(list(open_cases)) if index % 64 == 0 else next(iter(open_cases))
        number = open_cases.pop(case) + 1
        if number < 12:
            open_cases[case] = number
        salt, text = chance.randbytes(16), f"What was seen in step {index}, in a few words more."
        encoded = entry.encode(
            at=START + timedelta(seconds=index),
            case=case,
            seq=number,
            kind="case:assessed",
            data={"actor": "person:3", "affected": ["1.2.3"], "level": "high", "score": 8},
            sealed={"scope": entry.seal_digest(salt, text)},
        )
        yield pack.PackEntry(index, encoded, {"scope": (salt, text)})


def timed(work: Callable[[], object], runs: int = 3) -> float:
    """Seconds of the fastest of some runs."""
    best = float("inf")
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def row(name: str, seconds: float, count: int, floor: float, goal: str = "") -> Figure:
    """Total and per entry, with the ratio to the floor; all in seconds."""
    words = f"{seconds:.2f} s, {seconds / count * 1e6:.2f} µs each"
    return Figure("ledger", name, words, f"{floor:.2f} s", seconds / floor, goal)


def encodings(count: int = 20_000) -> float:
    """Seconds to encode entries one by one."""

    def work() -> None:
        for number in range(1, count + 1):
            entry.encode(
                at=START,
                case="FW-7Q3KXM",
                seq=number,
                kind="case:assessed",
                data={"actor": "person:3", "affected": ["1.2.3"], "level": "high", "score": 8},
                sealed={"scope": "0" * 64},
            )

    return timed(work) / count


def run(count: int = 1_000_000) -> list[Figure]:
    """Builds a history, packs it, and verifies the pack in a process of its own (for its memory)."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_made(count, Path(folder)), *_verified(Path(folder))]


def _made(count: int, folder: Path) -> list[Figure]:
    entries = list(history(count))
    lines = [item.encoded for item in entries]
    floor = timed(lambda: [sha256(line).digest() for line in lines])
    hashes = [tree.leaf_hash(line) for line in lines]
    nodes = tree.MemoryNodes()
    figures = [
        row("encode (of 20,000, scaled)", encodings() * count, count, floor),
        row("append, in batches of 1,000, in memory", timed(lambda: append(nodes, hashes), 1), count, floor),
        row(
            "1,000 inclusion and consistency proofs", timed(lambda: prove(nodes, hashes)), 1_000, floor / count * 1_000
        ),
    ]
    key = signer()
    note = checkpoint.sign(checkpoint.Checkpoint(key.key.name, count, tree.root(nodes, count)), key)

    def write(name: str, packed: list[pack.PackEntry]) -> None:
        with (folder / name).open("wb") as out:
            pack.write(out, packed, scope=pack.Scope("all"), at=START, checkpoint=note, nodes=nodes, signer=key)

    withheld = [pack.PackEntry(item.index, item.encoded) for item in entries]
    figures += [
        row("write a pack, all texts disclosed", timed(lambda: write("disclosed", entries), 1), count, floor),
        row("write a pack, all texts withheld", timed(lambda: write("withheld", withheld), 1), count, floor),
    ]
    return figures


def _verified(folder: Path) -> list[Figure]:
    found = []
    for name in ("disclosed", "withheld"):
        command = [sys.executable, "-m", "bench.ledger", str(folder / name)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found += [Figure(**figure) for figure in json.loads(done.stdout)]
    return found


def append(nodes: tree.Nodes, hashes: list[bytes]) -> None:
    """As the sequencer does it."""
    edge = tree.Frontier()
    for at in range(0, len(hashes), 1_000):
        edge, created = edge.extend(hashes[at : at + 1_000])
        nodes.put_many(created)


def prove(nodes: tree.Nodes, hashes: list[bytes]) -> None:
    """1,000 proofs of each kind, verified."""
    size = len(hashes)
    top = tree.root(nodes, size)
    for index in range(0, size, max(1, size // 1_000)):
        proof = tree.inclusion_proof(nodes, index, size)
        if not tree.verify_inclusion(hashes[index], index, size, proof, top):
            raise SystemExit(f"no inclusion proof of {index}")
        older = tree.consistency_proof(nodes, index + 1, size)
        if not tree.verify_consistency(index + 1, size, tree.root(nodes, index + 1), top, older):
            raise SystemExit(f"no consistency proof from {index + 1}")


def peak_memory() -> float:
    """MB of this process at its peak. (``ru_maxrss`` would count the parent's, from before ``exec``.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def cpu_of_both() -> tuple[float, float]:
    """Seconds that this process and its ended children have worked."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


def verify_alone(file: Path) -> list[Figure]:
    """Verifies a pack on one core, then on two, with the floor measured beside it, over entries as cold as the pack's.

    One core is told in seconds of that core, which a busy machine does not change; two cores in seconds of the clock,
    and in those of the busier one.
    """
    lines = [item.encoded for item in history(20_000)]
    best, wall, floor = float("inf"), float("inf"), float("inf")
    busy = clock = float("inf")
    before = peak_memory()
    for _ in range(5):
        started = time.process_time()
        timed(lambda: [sha256(line).digest() for line in lines], 1)
        floor = min(floor, (time.process_time() - started) / len(lines))
        started, at = time.process_time(), time.perf_counter()
        report = verify(file, key=str(signer().key))
        best, wall = min(best, time.process_time() - started), min(wall, time.perf_counter() - at)
        if not report.ok:
            raise SystemExit(f"not ok: {report.problems[:3]}")
    alone = peak_memory()
    for _ in range(5):
        used, at = cpu_of_both(), time.perf_counter()
        if not verify(file, key=str(signer().key), begin=begin).ok:
            raise SystemExit("not ok on two cores")
        spent = [after - before for before, after in zip(used, cpu_of_both(), strict=True)]
        busy, clock = min(busy, max(spent)), min(clock, time.perf_counter() - at)
    count, whole = report.entries, floor * report.entries
    texts = f"texts {file.name}"
    size = file.stat().st_size / 1e6
    return [
        row(f"verify, one core, {texts}", best, count, whole, "≤ 4 s, ratio ≤ 6"),
        row(f"verify, one core, {texts}, by the clock", wall, count, whole),
        row(f"verify, two cores, {texts}, by the clock", clock, count, whole),
        row(f"verify, two cores, {texts}, the busier core", busy, count, whole),
        Figure(
            "ledger", f"memory of verifying, {texts}", f"{alone:.0f} MB", f"{before:.0f} MB before it", goal="≤ 60 MB"
        ),
        Figure("ledger", f"size of the pack, {texts}", f"{size:.0f} MB"),
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(figure) for figure in verify_alone(Path(sys.argv[1]))]))
