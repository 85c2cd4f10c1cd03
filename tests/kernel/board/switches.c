// SPDX-License-Identifier: GPL-2.0
/*
 * The world around the board, in debugfs under challng_board/:
 *
 * contact	"5 12 1" joins lines 5 and 12, "5 12 0" parts them;
 *		"26 gnd 1" joins line 26 to ground
 * state	one "name value" a line
 * ram		the display RAM
 */
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "board.h"

static void put_bit(u64 *bits, unsigned int bit, bool on)
{
	if (on)
		*bits |= BIT_ULL(bit);
	else
		*bits &= ~BIT_ULL(bit);
}

static int move_contact(struct board *board, const char *text)
{
	struct circuit *circuit = &board->circuit;
	unsigned int one, other, closed;

	if (sscanf(text, "%u gnd %u", &one, &closed) == 2) {
		if (one >= BOARD_LINES || closed > 1)
			return -EINVAL;
		put_bit(&circuit->grounded, one, closed);
	} else if (sscanf(text, "%u %u %u", &one, &other, &closed) == 3) {
		if (one >= BOARD_LINES || other >= BOARD_LINES || closed > 1)
			return -EINVAL;
		put_bit(&circuit->joined[one], other, closed);
		put_bit(&circuit->joined[other], one, closed);
	} else {
		return -EINVAL;
	}
	lines_settle(board);
	return 0;
}

static ssize_t contact_write(struct file *file, const char __user *from, size_t count,
			     loff_t *at)
{
	struct board *board = file->private_data;
	char text[32];
	int error;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = '\0';
	mutex_lock(&board->lock);
	error = move_contact(board, text);
	mutex_unlock(&board->lock);
	return error ? error : count;
}

static const struct file_operations contact_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = contact_write,
};

static int state_show(struct seq_file *out, void *unused)
{
	static const char symbols[] = "-ud01";
	struct board *board = out->private;
	unsigned int line;

	mutex_lock(&board->lock);
	seq_printf(out, "on %d\n", board->oled.on && board->oled.pump);
	seq_printf(out, "contrast %u\n", board->oled.contrast);
	seq_printf(out, "transfers %lu\n", board->oled.transfers);
	seq_printf(out, "operations %lu\n", board->operations);
	seq_printf(out, "edges %lu\n", board->edges);
	seq_printf(out, "shorts %lu\n", board->circuit.shorts);
	seq_puts(out, "lines ");
	for (line = 0; line < BOARD_LINES; line++)
		seq_putc(out, symbols[board->circuit.drive[line]]);
	seq_putc(out, '\n');
	mutex_unlock(&board->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

static void take_down(void *directory)
{
	debugfs_remove_recursive(directory);
}

/**
 * switches_register() - make the files in debugfs
 * @board:	the board
 * @dev:	for as long as this device is there
 *
 * Return: 0, or an error.
 */
int switches_register(struct board *board, struct device *dev)
{
	struct dentry *directory = debugfs_create_dir("challng_board", NULL);

	board->ram.data = board->oled.ram;
	board->ram.size = sizeof(board->oled.ram);
	debugfs_create_file("contact", 0200, directory, board, &contact_fops);
	debugfs_create_file("state", 0400, directory, board, &state_fops);
	debugfs_create_blob("ram", 0400, directory, &board->ram);
	return devm_add_action_or_reset(dev, take_down, directory);
}
