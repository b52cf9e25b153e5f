"""Today, Cases and Case at 100,000 cases on SQLite, asked by 10 people at once of 2 workers.

Each person asks anew as soon as an answer is there. The floor is the page of saved views of somebody who has none: a
signed-in view with menu and counts, and nothing else. CPU time is that of the workers, a page.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from bench.house import founded
from bench.report import Figure

CASES, USERS, WORKERS, ASKED = 100_000, 10, 2, 40  # ASKED: how often each person asks for each page
ORIGINALS = 60
GOAL = "p95 ≤ 150 ms, ≤ 12 ms CPU"
FLOOR = "/cases/views/"
LISTS = {
    "Today": "/",
    "Cases": "/cases/",
    "Cases, a second page": "/cases/?state=all&after={after}",
    "Cases, open High vulnerabilities": "/cases/?kind=vulnerability&severity=high",
    "Cases, a filter that nothing fits": "/cases/?kind=incident&severity=low",
    "Cases, nothing fits of all": "/cases/?state=contained&kind=event&severity=critical",
    "Case": "/cases/{number}/",
}
HIGH = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:N/A:N"
ASSESS = {"scope": "One resolver", "impact": "Reading", "affected": "All sites", "exploitability": "Easy"}
CONFIRM = {"environment": "Own site", "reproduction": "As reported", "versions": "1.0.0"}


def run(count: int = CASES) -> list[Figure]:
    """p95 and CPU a page of each list, beside the floor of the same run."""
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as folder:
        home = founded(Path(folder))
        home.create(demo=True)  # a demo home asks for no second factor
        words = _fill(count)
        cookie = _session()
        port = _free_port()
        server = _serve(folder, port)
        try:
            paths = {"floor": FLOOR, **{what: path.format(**words) for what, path in LISTS.items()}}
            found = _measure(paths, port, cookie, server.pid)
        finally:
            server.terminate()
            server.wait(30)
    floor, floor_cpu = found.pop("floor")
    return [
        Figure(
            part="desk_pages",
            what=f"{what}, {count:,} cases, {USERS} people, {WORKERS} workers",
            figure=f"p95 {p95 * 1000:.0f} ms, {cpu * 1000:.1f} ms CPU a page",
            floor=f"an empty signed-in view: p95 {floor * 1000:.0f} ms, {floor_cpu * 1000:.1f} ms CPU",
            ratio=p95 / floor,
            goal=GOAL,
        )
        for what, (p95, cpu) in found.items()
    ]


def _fill(count: int) -> dict[str, str]:
    """Cases of several kinds and states by the real actions, copied until there are ``count``."""
    from bench.many import multiply
    from forgeward.desk import programme
    from forgeward.desk.actions import cases
    from forgeward.desk.models import CaseRow, Person
    from forgeward.respond.parse import parse

    lead = Person.objects.get(email="ines@bench.example").actor()
    now, number = programme.home().now(), ""
    for n in range(ORIGINALS):
        at = now - timedelta(hours=12 * (ORIGINALS - n))
        number = cases.open_case(parse("receive", {"title": "Case", "text": "Seen"}), lead, at).number
        if n % 3:
            cases.perform(number, parse("assess", {**ASSESS, "vector": HIGH}), lead, at + timedelta(hours=2))
        if n % 3 == 2:
            cases.perform(number, parse("confirm", CONFIRM), lead, at + timedelta(hours=4))
        for _ in range(8):
            cases.perform(number, parse("note", {"text": "Looked at again. " * 20}), lead, at + timedelta(hours=5))
    multiply(count)
    last = CaseRow.objects.filter(next_due__isnull=False).order_by("next_due")[count // 2]
    from forgeward.desk.readers.search import Cursor

    return {"number": number, "after": str(Cursor(last.next_due, last.pk))}


def _session() -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from forgeward.desk.models import Person

    person = Person.objects.get(email="ines@bench.example")
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return f"sessionid={store.session_key}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _serve(folder: str, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
               "--workers", str(WORKERS), "--no-ws", "forgeward.desk.wsgi:application"]  # fmt: skip
    environment = {**os.environ, "FORGEWARD_HOME": folder}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return server
    raise AssertionError("granian did not answer")


def _measure(paths: Mapping[str, str], port: int, cookie: str, server: int) -> dict[str, tuple[float, float]]:
    found = {}
    for what, path in paths.items():
        _ask(port, path, cookie, 8)  # every worker has seen the page once
        before = _cpu(server)
        with ThreadPoolExecutor(USERS) as people:
            times = sorted(
                t
                for each in people.map(lambda _, path=path: _ask(port, path, cookie, ASKED), range(USERS))
                for t in each
            )
        found[what] = times[int(len(times) * 0.95)], (_cpu(server) - before) / len(times)
    return found


def _ask(port: int, path: str, cookie: str, often: int) -> Sequence[float]:
    """Seconds of each answer, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for _ in range(often):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie, "Host": f"localhost:{port}"})
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200 or len(body) > 150_000:
            raise AssertionError(f"{path}: {answer.status}, {len(body)} bytes")
    return times


def _cpu(process: int) -> float:
    """Seconds of CPU of a process and its children."""
    own = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ticks = (int(own[11]) + int(own[12])) / os.sysconf("SC_CLK_TCK")
    return ticks + sum(_cpu(int(child)) for child in children)


if __name__ == "__main__":
    print(*run(), sep="\n")
