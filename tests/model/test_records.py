"""Records: immutable values with named fields."""

from __future__ import annotations

from typing import Any

import pytest

from expertsupport_cli.record import Record


class Point(Record):
    x: int
    y: int = 0


class Other(Record):
    x: int
    y: int = 0


def test_a_record_has_the_values_it_got_and_its_defaults() -> None:
    point = Point(x=1)
    assert (point.x, point.y) == (1, 0)


def test_a_record_cannot_be_changed() -> None:
    point: Any = Point(x=1)
    with pytest.raises(AttributeError, match="Point cannot be changed"):
        point.x = 2
    with pytest.raises(AttributeError):
        point.new = 2
    with pytest.raises(AttributeError):
        del point.x
    assert point == Point(x=1)


def test_but_gives_a_copy_with_some_fields_changed() -> None:
    point = Point(x=1, y=2)
    assert point.but(x=3) == Point(x=3, y=2)
    assert point == Point(x=1, y=2)
    assert Point(x=1).but() == Point(x=1, y=0)


def test_a_record_needs_its_fields_and_takes_no_others() -> None:
    make: Any = Point
    with pytest.raises(TypeError, match="Point needs x"):
        make(y=1)
    with pytest.raises(TypeError, match="Point has no z"):
        make(x=1, z=1)
    with pytest.raises(TypeError, match="Point has no z"):
        Point(x=1).but(z=1)


def test_records_are_equal_if_their_kinds_and_values_are() -> None:
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Other(x=1)
    assert Point(x=1) != (1, 0)


def test_equal_records_are_one_in_a_set() -> None:
    assert len({Point(x=1), Point(x=1, y=0), Point(x=2)}) == 2


def test_a_record_shows_its_fields() -> None:
    assert repr(Point(x=1, y=2)) == "Point(x=1, y=2)"
