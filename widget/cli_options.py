"""What both commands take on their command lines, and say when they end unforeseen."""

from pathlib import Path
from traceback import extract_tb

import click

from widget.model.parsers import parse_database_url


def _checked(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_database_url(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


database_option = click.option(
    "--database", callback=_checked, metavar="URL", help="Where the token is stored, as DATABASE_URL."
)


def describe_unexpected_error(error: Exception) -> str:
    """What to say of an ``error`` that nobody thought of; its own text may hold anything, and is left out."""
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    return f"something unforeseen happened ({place}). Please report it."
