// SPDX-License-Identifier: GPL-2.0
/* The GPIO lines: a gpio_chip on the circuit, with simulated interrupts. */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>

#include "board.h"

static bool is_output(const struct board *board, unsigned int line)
{
	return board->circuit.drive[line] >= DRIVE_LOW;
}

static void raise_edge(struct board *board, unsigned int line, bool level)
{
	unsigned int wanted = level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING;
	unsigned int irq = irq_find_mapping(board->irqs, line);

	if (!irq || is_output(board, line))
		return;
	if (!(irq_get_trigger_type(irq) & wanted))
		return;
	board->edges++;
	irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true);
}

/**
 * lines_settle() - let every line take its level, and its edge be seen
 * @board:	the board, locked
 */
void lines_settle(struct board *board)
{
	unsigned int line;

	for (line = 0; line < BOARD_LINES; line++) {
		bool level = circuit_level(&board->circuit, line);

		if (level == board->circuit.level[line])
			continue;
		board->circuit.level[line] = level;
		raise_edge(board, line, level);
	}
}

static void become(struct board *board, unsigned int line, enum drive drive)
{
	board->circuit.drive[line] = drive;
	lines_settle(board);
}

static int get_direction(struct gpio_chip *chip, unsigned int line)
{
	struct board *board = gpiochip_get_data(chip);

	return is_output(board, line) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int direction_input(struct gpio_chip *chip, unsigned int line)
{
	struct board *board = gpiochip_get_data(chip);

	mutex_lock(&board->lock);
	board->operations++;
	if (is_output(board, line))
		become(board, line, DRIVE_NONE);
	mutex_unlock(&board->lock);
	return 0;
}

static void set(struct gpio_chip *chip, unsigned int line, int high)
{
	struct board *board = gpiochip_get_data(chip);

	mutex_lock(&board->lock);
	board->operations++;
	become(board, line, high ? DRIVE_HIGH : DRIVE_LOW);
	mutex_unlock(&board->lock);
}

static int direction_output(struct gpio_chip *chip, unsigned int line, int high)
{
	set(chip, line, high);
	return 0;
}

static int get(struct gpio_chip *chip, unsigned int line)
{
	struct board *board = gpiochip_get_data(chip);
	bool level;

	mutex_lock(&board->lock);
	board->operations++;
	level = circuit_level(&board->circuit, line);
	mutex_unlock(&board->lock);
	return level;
}

static int set_config(struct gpio_chip *chip, unsigned int line, unsigned long config)
{
	struct board *board = gpiochip_get_data(chip);
	enum drive drive;

	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		drive = DRIVE_PULL_UP;
		break;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		drive = DRIVE_PULL_DOWN;
		break;
	case PIN_CONFIG_BIAS_DISABLE:
		drive = DRIVE_NONE;
		break;
	default:
		return -ENOTSUPP;
	}
	mutex_lock(&board->lock);
	board->operations++;
	if (!is_output(board, line))
		become(board, line, drive);
	mutex_unlock(&board->lock);
	return 0;
}

static int to_irq(struct gpio_chip *chip, unsigned int line)
{
	struct board *board = gpiochip_get_data(chip);

	return irq_create_mapping(board->irqs, line);
}

/**
 * lines_register() - give the lines to the kernel
 * @board:	the board
 * @dev:	whose lines they are
 * @label:	what the chip is called; programs find it by this
 *
 * Return: 0, or an error.
 */
int lines_register(struct board *board, struct device *dev, const char *label)
{
	board->irqs = devm_irq_domain_create_sim(dev, NULL, BOARD_LINES);
	if (IS_ERR(board->irqs))
		return PTR_ERR(board->irqs);
	board->chip = (struct gpio_chip){
		.label = label,
		.owner = THIS_MODULE,
		.parent = dev,
		.base = -1,
		.ngpio = BOARD_LINES,
		.can_sleep = true,
		.get_direction = get_direction,
		.direction_input = direction_input,
		.direction_output = direction_output,
		.get = get,
		.set = set,
		.set_config = set_config,
		.to_irq = to_irq,
	};
	return devm_gpiochip_add_data(dev, &board->chip, board);
}
