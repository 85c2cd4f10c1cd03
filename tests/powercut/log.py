"""The log of a medium: one entry for each write and each flush, in their order."""

import struct

#: The file that the medium is, in its folder.
NAME = "medium"
#: Before each entry's bytes: where they were written, how many they are.
ENTRY = struct.Struct("=qI")
#: In place of where: everything before this is durable.
FLUSH = -1
