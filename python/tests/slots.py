"""What Node writes into an input arena."""

import os

from gama_operations.arena import GENERATION, HEADER_SIZE


def write_slot(descriptor, data, offset=HEADER_SIZE, generation=1):
    """Write a slot whose bytes begin at `offset`; the reference to it, as uint8."""
    header = GENERATION.pack(generation).ljust(HEADER_SIZE, b"\0")
    os.pwrite(descriptor, header + data, offset - HEADER_SIZE)
    return {"$t": {"dtype": "uint8", "shape": [len(data)], "offset": offset, "generation": generation}}
