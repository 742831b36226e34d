"""``python -m stratoform``."""

import sys

from .cli import main

sys.exit(main())
