#!/bin/sh
# The first program of the guest: mounts what a running system has, then hands over to guest.py.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
mount -t configfs configfs /sys/kernel/config
mount -t tmpfs tmpfs /run
mount -t hostfs -o "$CHALLNG_WORK" none /mnt
cd "$CHALLNG_ROOT" || exit 1
export PYTHONPATH="$CHALLNG_ROOT:$CHALLNG_LGPIO" PYTHONDONTWRITEBYTECODE=1
exec "$CHALLNG_PYTHON" -m tests.kernel.guest
