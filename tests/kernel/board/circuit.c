// SPDX-License-Identifier: GPL-2.0
/* What level a line has, from everything that contacts join it to. */
#include <linux/bitops.h>

#include "board.h"

/**
 * circuit_level() - the level of one line
 * @circuit:	lines and contacts
 * @line:	which line
 *
 * Ground and a low output win over a high one (and a short is counted), both
 * over a pull, a pull up over one down. A wire that nothing drives keeps the
 * level the line had.
 *
 * Return: true for high.
 */
bool circuit_level(struct circuit *circuit, unsigned int line)
{
	bool low = false, high = false, up = false, down = false;
	u64 wire = BIT_ULL(line);
	u64 unseen = wire;

	while (unseen) {
		unsigned int at = __ffs64(unseen);
		u64 found;

		unseen &= ~BIT_ULL(at);
		low |= !!(circuit->grounded & BIT_ULL(at));
		low |= circuit->drive[at] == DRIVE_LOW;
		high |= circuit->drive[at] == DRIVE_HIGH;
		up |= circuit->drive[at] == DRIVE_PULL_UP;
		down |= circuit->drive[at] == DRIVE_PULL_DOWN;
		found = circuit->joined[at] & ~wire;
		wire |= found;
		unseen |= found;
	}
	if (low && high)
		circuit->shorts++;
	if (low || high)
		return !low;
	if (up || down)
		return up;
	return circuit->level[line];
}
