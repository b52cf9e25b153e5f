"""A machine whose clock stands elsewhere, for commands in sub-processes.

Python imports this by its name where its folder is on PYTHONPATH. ``FORGEWARD_TEST_CLOCK`` (RFC 3339) is then what
``Home.now`` says, the only clock that the product's deeds are dated by; deadlines of sockets and sessions run on.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Sequence
from datetime import datetime

_MODULE = "forgeward.edges.home"


class _Setter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Waits for the module to be imported, and sets its clock."""

    real: importlib.abc.Loader

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        self.real = spec.loader
        spec.loader = self
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        self.real.exec_module(module)
        instant = datetime.fromisoformat(os.environ["FORGEWARD_TEST_CLOCK"])
        module.Home.now = lambda _home: instant  # type: ignore[attr-defined]


if "FORGEWARD_TEST_CLOCK" in os.environ:
    sys.meta_path.insert(0, _Setter())
