"""The command `tour`."""

import typer

commands = typer.Typer()
