"""`make test-image`: an image as it is flashed, started in QEMU and worked by its keys.

`machine.py` starts it with the project's simulated board (`tests/kernel/board`, a kernel module)
beside its own kernel; `hands.sh` and `loop.sh` run in it, `hands.py` asks them from here.
"""
