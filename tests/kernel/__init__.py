"""The firmware on the kernel's own GPIO and I2C. Not collected by `make test`: `make test-kernel`.

`make test-kernel` needs root (apt-get, mounts) and, the first time, minutes to build a kernel;
after that it takes seconds. What happens is told in `README.md` beside this file.
"""
