"""``forgeward up``: desk, worker, and what takes mail in, as supervised children of one process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import typer

from forgeward.cli import out
from forgeward.cli.state import RUN
from forgeward.edges.confine import end_with_parent
from forgeward.edges.home import Home
from forgeward.errors import HomeUnusable

STOP_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass
class Child:
    """One process that is started again when it ends, later each time it ends early."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = field(default=0.0)

    def keep_alive(self, environment: dict[str, str]) -> None:
        """Starts it when it should run and does not."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.deaths = 1 if now - self.started > PATIENCE_SECONDS else self.deaths + 1
            wait = BACK_OFF[min(self.deaths, len(BACK_OFF)) - 1]
            out.say(f"{self.name} ended with {self.process.returncode}; it starts again in {wait:g} s.")
            self._end_group()
            self.process, self.not_before = None, now + wait
        if self.process is None and now >= self.not_before:
            self.process = subprocess.Popen(  # noqa: S603 - a list of our own
                self.command,
                env=environment,
                stdin=subprocess.DEVNULL,
                process_group=0,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - this process has one thread
            )
            self.started = now

    def stop(self, deadline: float) -> None:
        """Asks it to end, and ends it when it does not until ``deadline`` (monotonic seconds)."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._end_group()

    def _end_group(self) -> None:
        """Ends what the child itself had started and could not end any more: such a one would hold on to the port."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The desk's port.")] = 8710,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty home with demo data first.")] = False,
) -> None:
    """Run the desk and the worker on this home; makes the home first where there is none.

    Example: forgeward up --demo
    """
    from forgeward.cli import start

    home = RUN.home
    _require_port(host, port)
    if not home.exists:
        if demo:
            start.demo()
        else:
            start.init()
    RUN.desk()
    with home.only_instance():
        _serve(home, host, port)


def _require_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise HomeUnusable(
                f"Port {port} on {host} cannot be used: {problem.strerror}.", next="Name another with --port."
            ) from None


def _serve(home: Home, host: str, port: int) -> None:
    environment = {
        **os.environ,
        "FORGEWARD_HOME": str(home.folder),
        "FORGEWARD_HOSTS": ",".join(filter(None, [os.environ.get("FORGEWARD_HOSTS", ""), host])),
    }
    children = [
        Child(
            "The desk",
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
             "--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
             "forgeward.desk.wsgi:application"],
        ),
        Child("The worker", [sys.executable, "-m", "forgeward.desk.worker"]),
        *_mail_children(home),
    ]  # fmt: skip
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    greeted = False
    try:
        while not stopping:
            for child in children:
                child.keep_alive(environment)
            if not greeted and _answers(host, port):
                _greet(home, host, port)
                greeted = True
            time.sleep(0.2)
    finally:
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            child.stop(deadline)
        out.say("Stopped. Nothing was lost; `forgeward up` goes on where this ended.")


def _mail_children(home: Home) -> list[Child]:
    """What takes mail in, as far as settings.toml asks for it; a demo home takes none."""
    settings = home.settings
    wanted = {
        "The fetcher": ("fetcher", any(box.polled for box in settings.mailbox)),
        "The listener": ("listener", settings.listener.is_set),
    }
    return [
        Child(name, [sys.executable, "-m", f"forgeward.desk.worker.{module}"])
        for name, (module, asked) in wanted.items()
        if asked and not home.is_demo
    ]


def _answers(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"{_base(host, port)}/sign-in/", timeout=2):  # noqa: S310 - our own loopback address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _base(host: str, port: int) -> str:
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host  # noqa: S104 - compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _greet(home: Home, host: str, port: int) -> None:
    from forgeward.desk.actions import people

    lead = RUN.person()
    link = f"{_base(host, port)}/sign-in/once/{people.sign_in_link(lead, home.now())}/"
    out.line(f"Forgeward runs at {_base(host, port)}")
    out.line(f"Sign in once, as {lead.name}: {link}")
    sys.stdout.flush()
    if not home.settings.mail.is_set:
        out.say(f"Outgoing mail is written to {home.outbox} until settings.toml has a [mail] section.")
