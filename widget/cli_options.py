"""The option and the error message that both command lines share."""

from pathlib import Path
from traceback import extract_tb

import click

from widget.model.parsers import parse_database_url


def _checked(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_database_url(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


database_option = click.option("--database", callback=_checked, metavar="URL", help="The database, like DATABASE_URL.")


def describe_unexpected_error(error: Exception) -> str:
    """Describe an unexpected error by its place; its own text may hold a secret."""
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    return f"an unexpected error occurred ({place}). Please open an issue."
