"""``--help`` in the same hand as all other text at a terminal."""

import click


class _Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{click.style(f'{heading}:', bold=True)}\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, click.style(prefix or "Usage:", bold=True) + " ")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help has bold headings; click itself leaves the styles out of a pipe."""

    context_class = _Context


class Group(click.Group):
    """The same for a command with others under it."""

    context_class = _Context
    command_class = Command
