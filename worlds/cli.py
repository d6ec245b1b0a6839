"""The ``avatarium`` command: finds its subcommands through entry points and turns mistakes into one clear line."""

import argparse
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import NoReturn, Protocol

from avatarium.worlds.core.errors import UserError, nearest

GROUP = "avatarium.commands"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the operating system says when there is no room for what is to be written."""


class Command(Protocol):
    """A subcommand: what an entry point of the group ``avatarium.commands`` names is a class like this."""

    help: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work and return the exit code; raise UserError for what the user can mend."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UserError instead of printing its whole usage and exiting."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments and where help is to be had."""
        raise UserError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 2 for what the user can mend, 130 when interrupted."""
    try:
        code = dispatch(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except UserError as mistake:
        print(f"avatarium: {mistake}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("avatarium: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        mute()
        return 1
    except OSError as fault:
        if fault.errno not in FULL:
            raise
        print(f"avatarium: {fault.filename or 'a file'} cannot be written ({fault.strerror}): make room, then try again", file=sys.stderr)
        try:
            sys.stdout.flush()
        except OSError:
            mute()
        return 2
    return code


def mute() -> None:
    """Lead what is still to be written to standard output nowhere: the interpreter must not complain when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def dispatch(words: Sequence[str]) -> int:
    """Run the subcommand that the first of ``words`` names with the rest; without one, list them all."""
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not words or words[0] in ("-h", "--help"):
        print(overview(commands))
        return 0
    if words[0] == "--version":
        print(version("avatarium"))
        return 0
    if words[0] not in commands:
        raise UserError(f"there is no command {words[0]!r}: {nearest(words[0], commands)}")
    command: Command = commands[words[0]].load()()
    parser = Parser(prog=f"avatarium {words[0]}", description=command.help, allow_abbrev=False)
    command.add_arguments(parser)
    return command.run(parser.parse_args(words[1:]))


def overview(commands: Mapping[str, EntryPoint]) -> str:
    """All subcommands with one line of help each; one that cannot be imported says so instead."""
    width = max(map(len, commands), default=0)
    lines = [f"  {name:<{width}}  {_help(entry)}" for name, entry in sorted(commands.items())]
    return "\n".join(
        [
            "usage: avatarium COMMAND [ARGUMENTS]",
            "",
            *lines,
            "",
            "avatarium COMMAND --help tells more; avatarium --version prints the version.",
        ]
    )


def _help(entry: EntryPoint) -> str:
    try:
        return str(entry.load().help)
    except ImportError as fault:
        return f"(cannot be loaded: {fault})"
