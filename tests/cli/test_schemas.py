"""The JSON Schemas in the docs are those of the shapes that the commands print."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs

from forgeward.cli.schemas import schemas

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def test_the_docs_have_the_schema_of_every_shape() -> None:
    """Each file is what `python -m forgeward.cli.schemas docs/reference/schemas` writes, and a valid schema."""
    for name, text in schemas():
        assert (FOLDER / name).read_bytes() == text, f"{name} is out of date"
        jsonschema_rs.validator_for(text.decode())


def test_every_shape_names_its_schema_in_a_constant() -> None:
    """``schema`` is required to be the one value that the file is named after."""
    for name, text in schemas():
        assert f'"forgeward/{name.removesuffix(".json").rpartition("-")[0]}/1"'.encode() in text
