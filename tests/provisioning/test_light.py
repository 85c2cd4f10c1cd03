"""`new` and `wipe` run where nothing but the base dependencies is installed."""

import json
import subprocess
import sys
from pathlib import Path

from protocol.pskc import read
from protocol.pskc.secret import Passphrase

EXTRAS = ["httpx", "serial", "reportlab", "rich", "segno", "fastapi", "luma", "PIL", "gpiozero"]
RUN = f"""
import json, sys
for name in {EXTRAS}:
    sys.modules[name] = None  # an import of it fails
from provisioning.cli import main
code = main(sys.argv[1:])
json.dump(sorted(name for name in {EXTRAS} if sys.modules.get(name)), sys.stderr)
sys.exit(code)
"""


def run(*arguments: str, stdin: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], input=stdin, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == []


def test_new_and_wipe_import_no_extra(tmp_path: Path) -> None:
    store, out = str(tmp_path / "store"), tmp_path / "card.pskc"
    words = "correct horse battery staple"
    run("new", "--store", store, "--out", str(out), "--passphrase-file", "-", stdin=words)
    assert len(read(out.read_bytes(), Passphrase(words))) == 1
    run("wipe", "--store", store, "--all", "--yes")
    assert list((tmp_path / "store").iterdir()) == []
