"""Read Parquet and JSON-lines tables as rows."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read_parquet(file: Path, columns: list[str] | None = None, episode: int | None = None) -> list[Row]:
    """Return rows of a Parquet file.

    Args:
        file: The file.
        columns: Columns to read; None is all.
        episode: Only rows whose `episode_index` this is.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: The file is absent, damaged, or lacks a column; the message names it.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError("LeRobot's data sets are read with pyarrow: `pip install vlareg[lerobot]`.") from error
    try:
        with pq.ParquetFile(file) as opened:
            there = opened.schema_arrow.names
        if missing := [column for column in columns or [] if column not in there]:
            raise ValueError(f"{file} has no column {missing[0]!r}; it has {there}.")
        filters = None if episode is None else [("episode_index", "==", episode)]
        rows: list[Row] = pq.read_table(file, columns=columns, filters=filters, partitioning=None).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    return rows


def read_json_lines(file: Path) -> list[Row]:
    """Return the rows of a file with one JSON object a line.

    Raises:
        ValueError: The file is absent or damaged.
    """
    try:
        return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
