"""The operator's commands.

python -m serve_app [CONFIG]         start the service in the foreground; `make run` and the container do this
python -m serve_app apply [CONFIG]   apply a changed configuration to the service running on PORT
python -m serve_app stop             stop the service running on PORT
"""

import sys
from importlib import import_module

COMMANDS = {"apply": "serve_app.process.apply", "stop": "serve_app.process.stop"}
START = "serve_app.process.supervisor"


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code; without a command's name, start the service."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    # Imported late: stopping a service should not wait for Ray to be imported.
    code: int = import_module(command or START).main(arguments[1:] if command else arguments)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
