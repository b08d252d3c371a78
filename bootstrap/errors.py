"""How a command ends: each failure is one line, with what to do next, and an exit code."""

from collections.abc import Sequence

import click

from bootstrap.terminal import Terminal
from widget.cli_options import describe_unexpected_error
from widget.model.errors import ConfigurationError, NowPlayingError

EXIT_INTERRUPTED = 130


def run_with_exit_code(command: click.Command, terminal: Terminal) -> int:
    """Runs ``command``, tells at ``terminal`` what it failed of, and gives its exit code."""
    try:
        code = command.main(
            prog_name="python -m bootstrap",
            standalone_mode=False,
            obj=terminal,
            color=None if terminal.has_styles else False,
            terminal_width=terminal.width,
        )
    except SystemExit as ended:
        code = ended.code
    except click.exceptions.Exit as stopped:
        code = stopped.exit_code
    except (click.Abort, KeyboardInterrupt):
        terminal.print_message()
        terminal.print_message("Stopped.")
        return EXIT_INTERRUPTED
    except ConfigurationError as error:
        return _told(terminal, error.faults, 2)
    except NowPlayingError as error:
        return _told(terminal, [str(error)], 1)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            terminal.print_message(click.unstyle(error.ctx.get_usage()))
        return _told(terminal, [error.format_message()], error.exit_code)
    except Exception as error:
        told = describe_unexpected_error(error)
        return _told(terminal, [told[0].upper() + told[1:]], 1)
    return code if isinstance(code, int) else 0


def _told(terminal: Terminal, faults: Sequence[str], code: int) -> int:
    for fault in faults:
        terminal.print_error(fault)
    return code
