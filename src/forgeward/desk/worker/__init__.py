"""The worker: what has to happen without anybody asking. ``rounds`` is one round, ``__main__`` the process."""
