/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated card: the GPIO lines of a Raspberry Pi, the contacts between
 * them, and an I2C bus with an SSD1306.
 */
#ifndef CHALLNG_BOARD_H
#define CHALLNG_BOARD_H

#include <linux/debugfs.h>
#include <linux/gpio/driver.h>
#include <linux/i2c.h>
#include <linux/mutex.h>
#include <linux/types.h>

#define BOARD_LINES	54
#define OLED_COLUMNS	128
#define OLED_PAGES	8

/* What a line does to its wire. */
enum drive {
	DRIVE_NONE,
	DRIVE_PULL_UP,
	DRIVE_PULL_DOWN,
	DRIVE_LOW,
	DRIVE_HIGH,
};

/**
 * struct circuit - lines, and the wires that contacts make of them
 * @drive:	what each line does to its wire
 * @level:	the last level of each line; a floating one keeps it
 * @joined:	for each line the lines that a closed contact joins it to
 * @grounded:	lines with a closed contact to ground
 * @shorts:	how often a wire was driven both ways
 */
struct circuit {
	enum drive drive[BOARD_LINES];
	bool level[BOARD_LINES];
	u64 joined[BOARD_LINES];
	u64 grounded;
	unsigned long shorts;
};

/**
 * struct oled - an SSD1306 as the bus sees it
 * @ram:	display RAM, one byte per column and page, low bit on top
 * @pending:	a command whose arguments are still missing
 * @held:	how many bytes of @pending are there
 * @mode:	memory mode: 0 horizontal, 1 vertical, 2 page
 * @column:	where the next data byte goes
 * @page:	where the next data byte goes
 * @columns:	first and last column of the window
 * @pages:	first and last page of the window
 * @contrast:	brightness
 * @on:		the display is awake
 * @pump:	the charge pump runs; without it the glass stays dark
 * @transfers:	how many bus transfers the chip has taken
 */
struct oled {
	u8 ram[OLED_COLUMNS * OLED_PAGES];
	u8 pending[8];
	unsigned int held;
	unsigned int mode;
	unsigned int column;
	unsigned int page;
	u8 columns[2];
	u8 pages[2];
	u8 contrast;
	bool on;
	bool pump;
	unsigned long transfers;
};

/**
 * struct board - everything there is one of
 * @lock:	guards all below but the kernel's own structures
 * @circuit:	lines and contacts
 * @oled:	the display
 * @operations:	how often the kernel has read or changed a line
 * @edges:	how many edges have become interrupts
 * @irqs:	one simulated interrupt per line
 * @chip:	the lines, as the kernel sees them
 * @adapter:	the bus, as the kernel sees it
 * @address:	where the display answers on the bus
 * @ram:	the display RAM, as debugfs shows it
 */
struct board {
	struct mutex lock;
	struct circuit circuit;
	struct oled oled;
	unsigned long operations;
	unsigned long edges;
	struct irq_domain *irqs;
	struct gpio_chip chip;
	struct i2c_adapter adapter;
	unsigned short address;
	struct debugfs_blob_wrapper ram;
};

bool circuit_level(struct circuit *circuit, unsigned int line);

void lines_settle(struct board *board);
int lines_register(struct board *board, struct device *dev, const char *label);
int oled_register(struct board *board, struct device *dev);
int identity_register(struct device *dev);
int switches_register(struct board *board, struct device *dev);

#endif
