"""What an action wants written, as values. The one writer flushes the rows of many turns in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Require:
    """What a write relies on: the row whose columns equal `key` is there and holds these values. Looked at in the write's own transaction;
    if it is not so, nothing of the write happens."""

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Insert:
    """A new row. With `replace` an existing row of the same primary key is overwritten; the columns of `add` are added to what it holds.
    `relies` is what the whole write relies on with it."""

    table: str
    row: Mapping[str, Any]
    replace: bool = False
    add: tuple[str, ...] = ()
    relies: Require | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """New values for the rows whose columns equal `key`."""

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delete:
    """The rows whose columns equal `key` go."""

    table: str
    key: Mapping[str, Any]


Change = Insert | Update | Delete
