"""`python -m device` is `challng-card`."""

import sys

from device.cli import main

sys.exit(main())
