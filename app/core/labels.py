"""Enumerations whose members carry the Chinese label that people read.

Stored and sent by value; `GET /dictionary` publishes every subclass with labels in the order of definition.
"""

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """`NAME = "value", "中文"`."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def of(cls, value: str) -> Self:
        """The member of this value; ValueError where there is none. (Calling the class wants both arguments of a type checker.)"""
        return cls(value)  # type: ignore[call-arg]
