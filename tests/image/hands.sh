#!/bin/sh
# The first program when a test starts an image: adds the test's devices to what the image has, leaves
# fingers and eyes behind that stay when the system starts, and goes on with the image's own program.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
while read -r module; do insmod "/hands/modules/$module"; done </hands/modules/order

# What stays has to lie on a file system of its own: the others are moved away or emptied.
mkdir /stay && mount -t tmpfs stay /stay && mkdir /stay/dev /stay/debug
cp /bin/busybox /hands/loop /stay
mount -t devtmpfs dev /stay/dev
mount -t debugfs debug /stay/debug
/stay/busybox sh /stay/loop &
exec /init
