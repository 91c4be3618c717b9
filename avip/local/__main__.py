"""`python -m avip.local`: run, reset, manage …, test, test-fast, test-long, with-servers -- …"""

import sys

from avip.local import LocalError, run, throwaway


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run" | "prepare" | "reset" as name]:
            return getattr(run, name)()
        case ["manage", *rest]:
            return run.manage(rest)
        case ["test" | "test-fast" | "test-long" as name]:
            return throwaway.test(name)
        case ["with-servers", "--", *command] if command:
            return throwaway.with_servers(command)
    sys.exit(__doc__)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LocalError as error:
        sys.exit(f"{error}")
