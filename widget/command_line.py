"""What both commands take on their command lines."""

import click

from widget.variables import database_url


def _checked(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else database_url(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


database_option = click.option(
    "--database", callback=_checked, metavar="URL", help="Where the token is stored, as DATABASE_URL."
)
