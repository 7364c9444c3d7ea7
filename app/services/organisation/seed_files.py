"""Seed files: CSV in UTF-8, checked against the columns of their table before anything is written."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from sqlmodel import SQLModel

# Columns that tell a reader where a row comes from; a table without such a column leaves them in the file.
PROVENANCE = frozenset({"section", "source", "note", "trade"})


class SeedFileError(RuntimeError):
    """The file cannot be loaded as it stands; the message names file, line and column."""


def read_csv(directory: Path, name: str) -> list[dict[str, str]]:
    path = directory / name
    if not path.is_file():
        raise SeedFileError(f"缺少数据文件：{name}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise SeedFileError(f"{name} 第 {line} 行的列数与表头不符")
    return rows


def typed_rows(
    name: str, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, extra: frozenset[str] = PROVENANCE
) -> list[dict[str, Any]]:
    """Rows as values of the table's columns: texts become numbers, dates and enumerations, lengths are checked.

    An empty cell is NULL where the column allows it. A column that the table lacks is an error unless it stands in
    `extra`: a misspelt heading must not silently drop its values.
    """
    made = []
    for line, row in enumerate(rows, start=2):
        values = {}
        for column, cell in row.items():
            field = model.model_fields.get(column)
            if field is None:
                if column not in extra:
                    raise SeedFileError(f"{name} 的列 {column} 在数据表中不存在")
                continue
            value = None if cell == "" and _nullable(model, column) else cell
            try:
                values[column] = _adapter(model, column).validate_python(value)
            except ValidationError as exc:
                raise SeedFileError(f"{name} 第 {line} 行的列 {column} 填写有误：{cell}") from exc
        made.append(values)
    return made


@cache
def _adapter(model: type[SQLModel], column: str) -> TypeAdapter[Any]:
    field = model.model_fields[column]
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[(annotation, *field.metadata)] if field.metadata else annotation)


@cache
def _nullable(model: type[SQLModel], column: str) -> bool:
    try:
        _adapter(model, column).validate_python(None)
    except ValidationError:
        return False
    return True
