// SPDX-License-Identifier: GPL-2.0
/*
 * What a Pi's device tree says of itself, where programs read it:
 * /proc/device-tree/model and /proc/device-tree/system/linux,revision.
 * A machine that has a device tree of its own has to say it there.
 */
#include <linux/device.h>
#include <linux/of.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "board.h"

#define TREE		"device-tree"
#define REVISION	0x00902120	/* Zero 2 W 1.0, 512 MB */

static const char model[] = "Raspberry Pi Zero 2 W Rev 1.0";

static int show_model(struct seq_file *out, void *unused)
{
	return seq_write(out, model, sizeof(model));
}

static int show_revision(struct seq_file *out, void *unused)
{
	__be32 revision = cpu_to_be32(REVISION);

	return seq_write(out, &revision, sizeof(revision));
}

static void forget(void *unused)
{
	remove_proc_subtree(TREE, NULL);
}

/**
 * identity_register() - say that this machine is a Raspberry Pi
 * @dev:	for as long as this device is there
 *
 * Return: 0, or an error.
 */
int identity_register(struct device *dev)
{
	struct proc_dir_entry *tree, *system;
	int error;

	if (of_have_populated_dt())
		return 0;
	tree = proc_mkdir(TREE, NULL);
	if (!tree)
		return -ENOMEM;
	error = devm_add_action_or_reset(dev, forget, NULL);
	if (error)
		return error;
	system = proc_mkdir("system", tree);
	if (!system || !proc_create_single("model", 0444, tree, show_model) ||
	    !proc_create_single("linux,revision", 0444, system, show_revision))
		return -ENOMEM;
	return 0;
}
