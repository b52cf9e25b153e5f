"""JSON Schemas of what commands print, from ``cli.shapes``: ``python -m forgeward.cli.schemas FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from forgeward.cli import shapes

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Iterator[tuple[str, bytes]]:
    """File name and content of each schema: ``case-1.json`` for ``forgeward/case/1``."""
    for shape in sorted(shapes.Shape.__subclasses__(), key=lambda found: found.__name__):
        name = shape.__struct_defaults__
        (schema_id,) = [default for default in name if isinstance(default, str) and default.startswith("forgeward/")]
        document = {"$schema": DRAFT, "$id": schema_id, **msgspec.json.schema(shape)}
        text = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        yield schema_id.removeprefix("forgeward/").replace("/", "-") + ".json", text


def main(folder: Path) -> None:
    """Writes every schema into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas():
        (folder / name).write_bytes(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
