"""Order lines as every loader gets them: one Arrow table. Standard library and pyarrow only: peers use it too."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc


def lines(rows: int, first: int = 0) -> pa.Table:
    """Ids from `first` on, two amounts, three texts, a day, a moment: 9 columns, the same whoever asks."""
    ids = pa.array(range(first, first + rows), pa.int64())
    cents = pc.add(pc.bit_wise_and(pc.multiply(ids, 2654435761), 0xFFFFF), 1)
    amount = pc.multiply(cents.cast(pa.int32()).cast(pa.decimal128(10, 0)), pa.scalar("0.01").cast(pa.decimal128(3, 2)))
    money = amount.cast(pa.decimal128(18, 6))
    day = pc.add(pc.bit_wise_and(ids, 1023), 19_000).cast(pa.int32()).cast(pa.date32())
    moment = pc.add(pc.multiply(ids, 61_000_000), 1_700_000_000_000_000).cast(pa.timestamp("us", "UTC"))
    texts = [
        pc.binary_join_element_wise(word, pc.bit_wise_and(ids, mask).cast(pa.string()), "-")
        for word, mask in (("SKU", 4095), ("Chaise en hêtre massif", 511), ("C", 65535))
    ]
    names = ["id", "order_id", "sku", "name", "customer", "amount_net", "amount_tax", "order_date", "updated_at"]
    return pa.Table.from_arrays([ids, pc.divide(ids, 3), *texts, money, money, day, moment], names)


PIECE = 300_000  # rows of a piece, as many as a commit holds


def write(file: Path, rows: int) -> None:
    """The rows in pieces, as they lie in memory: who reads them spends nothing on making them."""
    with pa.ipc.new_file(str(file), lines(1).schema) as sink:
        for first in range(0, rows, PIECE):
            sink.write_table(lines(min(PIECE, rows - first), first).combine_chunks())


def read(file: str) -> pa.Table:
    """The table in the file, mapped: its bytes come when they are looked at."""
    return pa.ipc.open_file(pa.memory_map(file)).read_all()
