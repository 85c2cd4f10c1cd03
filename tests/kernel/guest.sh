#!/bin/sh
# The first program of the guest: mounts what a running system has, then hands over to guest.py.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LANG=C.UTF-8
if [ -n "$CHALLNG_DRIVERS" ]; then # QEMU: no more is there yet than what packages bring
    mkdir -p /proc /sys /run /mnt "$CHALLNG_ROOT"
    (IFS=, && modprobe --all $CHALLNG_DRIVERS)
fi
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
mount -t configfs configfs /sys/kernel/config
mount -t tmpfs tmpfs /run
if [ -n "$CHALLNG_DRIVERS" ]; then
    mount -t devtmpfs devtmpfs /dev
    mount -t 9p -o trans=virtio,msize=262144 work /mnt
    mount -t 9p -o trans=virtio,msize=262144,cache=loose,ro project "$CHALLNG_ROOT"
else
    mount -t hostfs -o "$CHALLNG_WORK" none /mnt
fi
cd "$CHALLNG_ROOT" || exit 1
export PYTHONPATH="$CHALLNG_ROOT:$CHALLNG_LGPIO" PYTHONDONTWRITEBYTECODE=1
exec "$CHALLNG_PYTHON" -m tests.kernel.guest
