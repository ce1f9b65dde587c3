"""python -m deployments.catalogue: the same as `cutout catalogue`."""

import os
import sys

# This ring may not import the command; exec also passes on signals and the exit code.
os.execv(sys.executable, [sys.executable, "-m", "cutout_client.command", "catalogue", *sys.argv[1:]])  # noqa: S606 - no shell is needed
