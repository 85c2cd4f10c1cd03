// SPDX-License-Identifier: GPL-2.0
/* The module: one board, put together. */
#include <linux/module.h>
#include <linux/platform_device.h>

#include "board.h"

static char *label = "pinctrl-bcm2835";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "label of the GPIO chip");

static ushort address = 0x3c;
module_param(address, ushort, 0444);
MODULE_PARM_DESC(address, "I2C address of the display");

static struct platform_device *device;

static int __init board_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct board *board;
	int error;

	board = devm_kzalloc(dev, sizeof(*board), GFP_KERNEL);
	if (!board)
		return -ENOMEM;
	mutex_init(&board->lock);
	board->address = address;
	error = identity_register(dev);
	if (error)
		return error;
	error = lines_register(board, dev, label);
	if (error)
		return error;
	error = oled_register(board, dev);
	if (error)
		return error;
	return switches_register(board, dev);
}

static struct platform_driver driver = {
	.driver = {
		.name = "challng_board",
	},
};

static int __init board_init(void)
{
	device = platform_create_bundle(&driver, board_probe, NULL, 0, NULL, 0);
	return PTR_ERR_OR_ZERO(device);
}
module_init(board_init);

static void __exit board_exit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
}
module_exit(board_exit);

MODULE_DESCRIPTION("A simulated Challng card");
MODULE_LICENSE("GPL");
