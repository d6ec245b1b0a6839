"""``avatarium agents``: who lives in the worlds."""

import argparse


class Agents:
    """List the populations."""

    help = "list the policies that live in the worlds, scripted and trained"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", nargs="?", help="list those of one world (default: all)")

    def run(self, args: argparse.Namespace) -> int:
        """Print a line per policy: its address, what it is, its role, who it is."""
        from avatarium.agents import populations
        from avatarium.worlds.core.errors import UserError, nearest

        known = populations.worlds()
        if args.world and args.world not in known:
            raise UserError(f"there is no population of a world {args.world!r}: {nearest(args.world, known)}")
        found = [member for world in ([args.world] if args.world else known) for member in populations.members(world)]
        wide, roles = max(len(m.address) for m in found), max(len(", ".join(m.roles)) for m in found)
        for member in found:
            print(f"{member.address:<{wide}}  {member.kind:<8}  {', '.join(member.roles):<{roles}}  {member.summary}")
        return 0
