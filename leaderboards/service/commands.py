"""``avatarium serve`` and ``avatarium account``."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


BOARD = "runs/leaderboard.sqlite"
SECRETS = "runs/secrets"
PORT = 8787
SUBMIT = ("submit", "read")
NEEDED = ("sqlalchemy", "fastapi", "uvicorn", "jinja2", "python_multipart")


class Serve:
    """Serve a leaderboard as web pages."""

    help = "serve a leaderboard: pages, a JSON interface, uploads; and judge what comes in"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("--board", default=BOARD, metavar="URL|FILE", help="the leaderboard's database (default: %(default)s)")
        parser.add_argument("--artefacts", metavar="URL", help="where submissions and transcripts lie (default: beside the board's file)")
        parser.add_argument("--secrets", default=SECRETS, metavar="FOLDER", help="where the secrets of seasons lie (default: %(default)s)")
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 for everybody (default: %(default)s)")
        parser.add_argument("--port", type=int, default=PORT, help="(default: %(default)s; 0 for any that is free)")
        parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that judge; 0 for none (default: %(default)s)")
        parser.add_argument("--title", default="Avatarium", help="what the pages are headed (default: %(default)s)")
        parser.add_argument("--proxy", default="", metavar="ADDRESS", help="a proxy whose word on who asks is believed")
        parser.add_argument("--i-trust-these-files", action="store_true", help="play uploads although this machine cannot lock them in")

    def run(self, args: argparse.Namespace) -> int:
        """Serve until Ctrl-C."""
        for module in NEEDED:
            need(module, extra="leaderboards")
        from avatarium.leaderboards.service.running import serve
        from avatarium.leaderboards.service.settings import Settings

        if not 0 <= args.port < 2**16 or args.workers < 0:
            raise UserError(f"--port {args.port} --workers {args.workers} cannot be: give a port below 65536 and no negative number")
        settings = Settings(args.board, args.artefacts, args.secrets, args.title, args.i_trust_these_files)
        return serve(settings, args.host, args.port, args.workers, args.proxy)


class Account:
    """Accounts of a leaderboard, and their tokens."""

    help = "accounts of a leaderboard and their tokens: new, list, disable, enable, token, revoke"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        board = argparse.ArgumentParser(add_help=False)
        board.add_argument("--board", default=BOARD, metavar="URL|FILE", help="the leaderboard's database (default: %(default)s)")
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        new = acts.add_parser("new", parents=[board], help="make an account, and a first token for it")
        new.add_argument("name")
        new.add_argument("--daily-limit", type=int, default=5, metavar="N", help="submissions per day (default: %(default)s)")
        token = acts.add_parser("token", parents=[board], help="make another token")
        token.add_argument("name")
        for one in (new, token):
            one.add_argument("--label", default="", help="what the token is for")
            one.add_argument("--scopes", default=",".join(SUBMIT), help="of read, submit and admin (default: %(default)s)")
            one.add_argument("--days", type=float, help="until the token expires (default: never)")
        acts.add_parser("list", parents=[board], help="print accounts and tokens")
        for act, what in (("disable", "make an account's tokens worth nothing"), ("enable", "take that back")):
            acts.add_parser(act, parents=[board], help=what).add_argument("name")
        acts.add_parser("revoke", parents=[board], help="end a token for good").add_argument("token", type=int, metavar="NUMBER")

    def run(self, args: argparse.Namespace) -> int:
        """Do it, and print what came of it."""
        need("sqlalchemy", extra="leaderboards")
        from avatarium.leaderboards.database.engine import Database

        with Database(args.board) as database, database.session() as session:
            for line in ACTS[args.act](args, session):
                print(line)
        return 0


def _new(args: argparse.Namespace, session: "Session") -> list[str]:
    from avatarium.leaderboards.database.engine import now
    from avatarium.leaderboards.service import tokens

    tokens.check_name(args.name, args.daily_limit)
    tokens.new_account(session, args.name, now(session), args.daily_limit)
    return [f"account {args.name}, {args.daily_limit} submissions per day", *_token(args, session)]


def _token(args: argparse.Namespace, session: "Session") -> list[str]:
    from avatarium.leaderboards.database.engine import now
    from avatarium.leaderboards.service import tokens

    account = tokens.account(session, args.name)
    scopes = [scope.strip() for scope in args.scopes.split(",") if scope.strip()]
    row, text = tokens.new_token(session, account, now(session), args.label, scopes, args.days)
    until = f"until {_day(row.expires)}" if row.expires else "without end"
    return [f"token {row.id}, for {', '.join(row.scopes)}, {until}; it is not shown again:", text]


def _list(args: argparse.Namespace, session: "Session") -> list[str]:
    from avatarium.leaderboards.service.reading import accounts
    from avatarium.leaderboards.service.tokens import account

    lines = []
    for one in accounts.listed(session):
        lines.append(f"{one.name}  {one.daily_limit} per day{'  disabled' if one.disabled else ''}")
        for token in accounts.tokens(session, account(session, one.name)):
            ended = f"revoked {_day(token.revoked)}" if token.revoked else f"expires {_day(token.expires)}"
            lines.append(
                f"  token {token.id}  {','.join(token.scopes)}  {ended}  last used {_day(token.last_used)}  {token.label}".rstrip()
            )
    return lines or ["there are no accounts: make one with `avatarium account new NAME`"]


def _switch(args: argparse.Namespace, session: "Session") -> list[str]:
    from avatarium.leaderboards.database.engine import now
    from avatarium.leaderboards.service import tokens

    disabled = args.act == "disable"
    tokens.change_account(session, tokens.account(session, args.name), now(session), disabled=disabled)
    return [f"account {args.name} is {args.act}d"]


def _revoke(args: argparse.Namespace, session: "Session") -> list[str]:
    from avatarium.leaderboards.database.engine import now
    from avatarium.leaderboards.service import tokens

    tokens.revoke(session, args.token, now(session))
    return [f"token {args.token} is worth nothing from now on"]


ACTS = {"new": _new, "token": _token, "list": _list, "disable": _switch, "enable": _switch, "revoke": _revoke}


def _day(moment: float | None) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d") if moment else "never"
