"""DuckDB with its extensions from packages: it would download them, from where tests have no way to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension

EXTENSIONS = ("avro", "aws", "httpfs", "iceberg")


@contextmanager
def connected(directory: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, for which `INSTALL` finds them in place, below the directory."""
    with duckdb.connect(config={"extension_directory": str(directory)}) as connection:
        for extension in EXTENSIONS:
            import_extension(extension, con=connection)
        yield connection
