"""The ledger's tree in the database, behind the small interface that ``ledger.tree`` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection

from forgeward.ledger.tree import Node, Place

_CHUNK = 400


class TableNodes:
    """``ledger.tree.Nodes`` on ``desk_treenode``."""

    def get_many(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        found: dict[Place, bytes] = {}
        with connection.cursor() as cursor:
            for start in range(0, len(places), _CHUNK):
                part = places[start : start + _CHUNK]
                wanted = " OR ".join(["(level = %s AND index = %s)"] * len(part)).replace("index", '"index"')
                cursor.execute(
                    f'SELECT level, "index", digest FROM desk_treenode WHERE {wanted}',  # noqa: S608 - only marks
                    [number for place in part for number in place],
                )
                found.update({(level, index): bytes(digest) for level, index, digest in cursor.fetchall()})
        return found

    def put_many(self, nodes: Sequence[Node]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany('INSERT INTO desk_treenode (level, "index", digest) VALUES (%s, %s, %s)', list(nodes))
