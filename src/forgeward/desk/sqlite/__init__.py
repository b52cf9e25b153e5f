"""Django's SQLite back end, with a queue in front of the one lock that all writers of a home share (``base``)."""
