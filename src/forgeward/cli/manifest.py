"""``forgeward manifest``: what customers' administrators consent to, explained from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.errors import NotFound

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """What a manifest's scopes and egress are for."""


@app.command()
def explain(path: Annotated[Path, typer.Argument(help="The folder of the app.")], as_json: Json = False) -> None:
    """Write the admin guide of an app: what each scope and address is for, with the code that needs it.

    Example: forgeward manifest explain . > admin-guide.md
    """
    from forgeward.edges.files import read_trees
    from forgeward.prevent.project import assemble
    from forgeward.prevent.report.admin_guide import needs, render
    from forgeward.prevent.scan import link

    files, left_out = read_trees([path])
    project = assemble(files, left_out)
    if not project.apps:
        raise NotFound(f"No manifest.yml of a Forge app was found in {path}.", next="Name the folder of an app.")
    guides = [(a, needs(link(project, a)[0])) for a in project.apps]
    shape = shapes.ManifestGuide(
        apps=[
            shapes.AppNeeds(
                path=a.path,
                app_id=a.manifest.app_id,
                needs=[shapes.NeedShape(n.kind, n.name, n.means, list(n.used)) for n in listed],
            )
            for a, listed in guides
        ]
    )
    out.emit(
        shape, lambda: "\n".join(render(a.path if a.root else "this app", listed) for a, listed in guides).rstrip()
    )
