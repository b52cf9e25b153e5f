"""Laws are tried without a time limit per example: the machine may be slow, which proves nothing."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
