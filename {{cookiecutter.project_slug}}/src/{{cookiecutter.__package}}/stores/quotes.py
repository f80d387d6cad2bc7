"""Bytes of a CSV file on their way to Arrow, which accepts quotes that make one cell out of many rows."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import UserError

QUOTE = ord('"')
BESIDE_QUOTES = np.frombuffer(b',\n\r"', np.uint8)  # what may stand before an opening and after a closing quote
MARK = b"\xef\xbb\xbf"  # the byte-order mark of UTF-8


class CheckedFile(io.RawIOBase):
    """A CSV file that refuses NUL bytes, and quotes that are not as in RFC 4180.

    A cell that begins with a quote ends at the next one that is not doubled, and a comma or the end of the row
    follows. A cell that does not begin with a quote has none.

    Raises UserError: on reading such bytes, with their row.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.file = source.open("rb")
        self.size = source.stat().st_size
        self._last = b"\n"  # the byte before the next block
        self._quotes = 0  # in all blocks before
        self._opened = 0  # position of the last quote
        if self.file.read(len(MARK)) != MARK:
            self.file.seek(0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next block and check it."""
        start = self.file.tell()
        count = self.file.readinto(buffer)
        self._check(self._last + bytes(buffer[:count]), start - 1)
        if self.file.tell() >= self.size:
            self.check_closed()
        return count

    def check_closed(self) -> None:
        """Refuse a quote that was opened in the bytes read so far and not closed."""
        if self._quotes % 2:
            self._refuse(
                self._opened, "a quote is never closed, so one cell has all the rows after it; close the quote"
            )

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        super().close()

    def _check(self, block: bytes, start: int) -> None:
        """Check a block that begins with the last byte of the one before."""
        if (nul := block.find(0, 1)) > 0:
            self._refuse(start + nul, "a NUL byte; save the file as text in UTF-8")
        if QUOTE in block:
            found = np.frombuffer(block, np.uint8)
            places = np.flatnonzero(found == QUOTE)
            is_opening = (np.arange(len(places)) + self._quotes - (block[0] == QUOTE)) % 2 == 0
            # of the first byte the left side was checked already; the right side of the last one comes next
            left = places[is_opening & (places > 0)]
            right = places[~is_opening & (places < len(block) - 1)]
            wrong = [*left[~np.isin(found[left - 1], BESIDE_QUOTES)], *right[~np.isin(found[right + 1], BESIDE_QUOTES)]]
            if wrong:
                self._refuse(start + int(min(wrong)), "a quote inside a cell; put the cell in quotes and double it")
            self._quotes += len(places) - (block[0] == QUOTE)
            self._opened = start + int(places[-1])
        self._last = block[-1:]

    def _refuse(self, position: int, reason: str) -> None:
        row = _row_at(self.source, position)
        message = f"{self.source}: {f'row {row}' if row > 0 else 'header'}: {reason}"
        raise UserError(message)


def _row_at(source: Path, position: int) -> int:
    """Return the row that has the byte at a position; the header is row 0."""
    row, quotes, end = -1, 0, 0
    with source.open("rb") as file:
        for line in file:
            end += len(line)
            row += quotes % 2 == 0 and bool(line.strip())
            if end > position:
                break
            quotes += line.count(b'"')
    return row
