"""`python -m watershed`: the command, without its script."""

import sys

from watershed.cli.main import main

sys.exit(main())
