"""`python -m provisioning` is `challng-provision`."""

import sys

from provisioning.cli import main

sys.exit(main())
