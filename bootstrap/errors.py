"""Errors to exit codes: every failure is one line that says what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from widget.cli_options import describe_unexpected_error
from widget.model.errors import ConfigurationError, NowPlayingError
from widget.server.terminal import Terminal

# 128 and the number of SIGINT, as shells report it.
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Invocation:
    """The terminal of a command, and the time when its process started (s since the epoch)."""

    terminal: Terminal
    started_at: float


def run_with_exit_code(command: click.Command, invocation: Invocation) -> int:
    """Run ``command``, print why it failed and return its exit code."""
    terminal = invocation.terminal
    try:
        code = command.main(
            standalone_mode=False,
            obj=invocation,
            color=None if terminal.has_styles else False,
            terminal_width=terminal.width,
        )
    except SystemExit as exit_request:
        code = exit_request.code
    # --help ends so, outside of standalone mode.
    except click.exceptions.Exit as exit_request:
        code = exit_request.exit_code
    except (click.Abort, KeyboardInterrupt):
        terminal.print_message()
        terminal.print_message("Stopped.")
        return EXIT_INTERRUPTED
    except ConfigurationError as error:
        return _print_errors(terminal, error.faults, 2)
    except NowPlayingError as error:
        return _print_errors(terminal, [str(error)], 1)
    except click.ClickException as error:
        terminal.print_click_error(error)
        return error.exit_code
    except Exception as error:
        message = describe_unexpected_error(error)
        return _print_errors(terminal, [message[0].upper() + message[1:]], 1)
    return code if isinstance(code, int) else 0


def _print_errors(terminal: Terminal, messages: Sequence[str], code: int) -> int:
    for message in messages:
        terminal.print_error(message)
    return code
