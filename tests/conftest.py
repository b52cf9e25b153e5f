"""What holds for every test: how long hypothesis looks.

No example has a deadline of its own, since a busy machine is no reason to fail. ``script/test --fast`` takes the
profile ``fast``, which tries fewer examples.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("whole", deadline=None)
settings.register_profile("fast", settings.get_profile("whole"), max_examples=15)
settings.load_profile("whole")
