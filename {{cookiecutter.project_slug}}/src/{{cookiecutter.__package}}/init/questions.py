"""What `init` asks at a terminal: what only a person can decide, and how people call the columns."""

from dataclasses import replace

import typer

from .study import Study
from .table import Options


def ask_about_findings(studied: Study, options: Options) -> Options:
    """Return the options with the answers: which columns are protected, and which are left out."""
    marked, dropped = [*options.protected], [*options.dropped]
    for finding in studied.findings:
        for name in finding.columns if finding.consequence == "asked" else ():
            if name in (*marked, *dropped, *options.personal, *options.kept, options.target, studied.key):
                continue
            typer.echo(finding.sentence)
            if finding.kind != "protected":
                dropped += [name] if typer.confirm(f"Leave {name} out?") else []
            elif typer.confirm(f"Record {name} for audits only, never as an input of models?"):
                marked.append(name)
    return replace(options, protected=tuple(marked), dropped=tuple(dropped))


def ask_descriptions(studied: Study, options: Options) -> dict[str, str]:
    """Return the descriptions of the columns that are used, if somebody wants to give them now."""
    left = {name for finding in studied.findings if finding.consequence == "left out" for name in finding.columns}
    left = left - {*options.kept, *options.protected, *options.personal} | {studied.key or "", *options.dropped}
    used = [each for each in studied.profiles if each.name not in left and each.kind not in ("empty", "text")]
    if not typer.confirm(f"Describe the {len(used)} columns in your own words? (They can be edited later, too.)"):
        return {}
    return {each.name: typer.prompt(each.name, each.description).strip() for each in used}
