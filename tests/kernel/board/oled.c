// SPDX-License-Identifier: GPL-2.0
/* An SSD1306 on an I2C bus of its own, after the controller's data sheet. */
#include <linux/i2c.h>
#include <linux/module.h>

#include "board.h"

#define CONTROL_SINGLE	0x80	/* Co: one byte follows, then a control byte */
#define CONTROL_DATA	0x40	/* D/C#: display data, not a command */
#define STATUS_OFF	0x40
#define BUS_NUMBER	1	/* where a Pi has its header's bus */

static unsigned int arguments_of(u8 command)
{
	switch (command) {
	case 0x20: /* memory mode */
	case 0x81: /* contrast */
	case 0x8d: /* charge pump */
	case 0xa8: /* multiplex ratio */
	case 0xd3: /* offset */
	case 0xd5: /* clock */
	case 0xd9: /* pre-charge */
	case 0xda: /* COM pins */
	case 0xdb: /* VCOMH */
		return 1;
	case 0x21: /* columns of the window */
	case 0x22: /* pages of the window */
	case 0xa3: /* scroll area */
		return 2;
	case 0x29: /* scroll both ways, right */
	case 0x2a: /* scroll both ways, left */
		return 5;
	case 0x26: /* scroll right */
	case 0x27: /* scroll left */
		return 6;
	}
	return 0;
}

static void obey(struct oled *oled, const u8 *command)
{
	switch (command[0]) {
	case 0x00 ... 0x0f:
		if (oled->mode == 2)
			oled->column = (oled->column & 0x70) | command[0];
		break;
	case 0x10 ... 0x17:
		if (oled->mode == 2)
			oled->column = (oled->column & 0x0f) | (command[0] & 0x07) << 4;
		break;
	case 0x20:
		oled->mode = command[1] & 3;
		break;
	case 0x21:
		oled->columns[0] = command[1] & 127;
		oled->columns[1] = command[2] & 127;
		oled->column = oled->columns[0];
		break;
	case 0x22:
		oled->pages[0] = command[1] & 7;
		oled->pages[1] = command[2] & 7;
		oled->page = oled->pages[0];
		break;
	case 0x81:
		oled->contrast = command[1];
		break;
	case 0x8d:
		oled->pump = command[1] & 4;
		break;
	case 0xae:
	case 0xaf:
		oled->on = command[0] & 1;
		break;
	case 0xb0 ... 0xb7:
		if (oled->mode == 2)
			oled->page = command[0] & 7;
		break;
	}
}

static void take_command(struct oled *oled, u8 byte)
{
	oled->pending[oled->held++] = byte;
	if (oled->held <= arguments_of(oled->pending[0]))
		return;
	oled->held = 0;
	obey(oled, oled->pending);
}

static bool next_column(struct oled *oled)
{
	if (oled->column == oled->columns[1] || oled->column == OLED_COLUMNS - 1) {
		oled->column = oled->columns[0];
		return true;
	}
	oled->column++;
	return false;
}

static bool next_page(struct oled *oled)
{
	if (oled->page == oled->pages[1] || oled->page == OLED_PAGES - 1) {
		oled->page = oled->pages[0];
		return true;
	}
	oled->page++;
	return false;
}

static void take_data(struct oled *oled, u8 byte)
{
	oled->ram[oled->page * OLED_COLUMNS + oled->column] = byte;
	switch (oled->mode) {
	case 0:
		if (next_column(oled))
			next_page(oled);
		break;
	case 1:
		if (next_page(oled))
			next_column(oled);
		break;
	default:
		oled->column = (oled->column + 1) % OLED_COLUMNS;
	}
}

static void take_message(struct oled *oled, const u8 *bytes, unsigned int length)
{
	unsigned int at = 0;

	while (at < length) {
		u8 control = bytes[at++];

		while (at < length) {
			if (control & CONTROL_DATA)
				take_data(oled, bytes[at++]);
			else
				take_command(oled, bytes[at++]);
			if (control & CONTROL_SINGLE)
				break;
		}
	}
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	struct board *board = i2c_get_adapdata(adapter);
	int i;

	for (i = 0; i < count; i++) {
		struct i2c_msg *message = &messages[i];

		if (message->addr != board->address)
			return -EREMOTEIO;
		mutex_lock(&board->lock);
		board->oled.transfers++;
		if (message->flags & I2C_M_RD)
			memset(message->buf, board->oled.on ? 0 : STATUS_OFF, message->len);
		else
			take_message(&board->oled, message->buf, message->len);
		mutex_unlock(&board->lock);
	}
	return count;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = transfer,
	.functionality = functionality,
};

static void unregister(void *adapter)
{
	i2c_del_adapter(adapter);
}

/**
 * oled_register() - power the display on and give its bus to the kernel
 * @board:	the board
 * @dev:	whose bus it is
 *
 * The RAM holds noise, as after power-on.
 *
 * Return: 0, or an error.
 */
int oled_register(struct board *board, struct device *dev)
{
	struct i2c_adapter *adapter = &board->adapter;
	int error;

	memset(board->oled.ram, 0xa5, sizeof(board->oled.ram));
	board->oled.mode = 2;
	board->oled.columns[1] = OLED_COLUMNS - 1;
	board->oled.pages[1] = OLED_PAGES - 1;
	adapter->owner = THIS_MODULE;
	adapter->algo = &algorithm;
	adapter->nr = BUS_NUMBER;
	adapter->dev.parent = dev;
	strscpy(adapter->name, "challng board", sizeof(adapter->name));
	i2c_set_adapdata(adapter, board);
	error = i2c_add_numbered_adapter(adapter);
	if (error)
		return error;
	return devm_add_action_or_reset(dev, unregister, adapter);
}
