"""`python -m avip.local`: what the Makefile calls."""

import sys

from avip.local import throwaway
from avip.local.servers import LocalError


def main(arguments: list[str]) -> int:
    match arguments:
        case ["with-servers", "--", *command] if command:
            return throwaway.with_servers(command)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LocalError as error:
        sys.exit(f"{error}")
