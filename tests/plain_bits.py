"""Bitsets by numpy's own packing, and what fills them called for all rows at once."""

from itertools import pairwise

import numpy as np

from explorer import regions


def bits(mask):
    """Bitset of a mask."""
    padded = np.zeros(-(-mask.size // 64) * 64, bool)
    padded[: mask.size] = mask
    return np.packbits(padded, bitorder="little").view("<u8")


def mask_of(words, size):
    """Mask of a bitset."""
    return np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")[:size].astype(bool)


def filled(fill, *arguments, rows, pieces=1):
    """What a filler of words gives, its last arguments a bitset and its first and last word."""
    words = np.full(-(-rows // 64), 2**64 - 1, np.uint64)
    ends = np.linspace(0, words.size, pieces + 1).astype(int).tolist()
    for first, last in pairwise(ends):
        fill(*arguments, words, first, last)
    return words


def located(x, y, window, side):
    """Pixel number of each row and bitset of those inside a window."""
    pixels = np.empty(x.size, np.uint32)
    words = filled(regions.locate, x, y, tuple(map(float, window)), side, pixels, rows=x.size)
    return pixels, words
