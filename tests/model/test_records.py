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


class Spot(Point):
    x: int = 5
    colour: str


class Mark(Point):
    pass


class Label:
    pass


class Named(Record):
    name: str


class Place(Label, Named, Spot):
    height: int = 0


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


def test_replace_gives_a_copy_with_some_fields_changed() -> None:
    point = Point(x=1, y=2)
    assert point.replace(x=3) == Point(x=3, y=2)
    assert point == Point(x=1, y=2)
    assert Point(x=1).replace() == Point(x=1, y=0)


def test_a_record_needs_its_fields_and_takes_no_others() -> None:
    make: Any = Point
    with pytest.raises(TypeError, match="Point needs x"):
        make(y=1)
    with pytest.raises(TypeError, match="Point has no z"):
        make(x=1, z=1)
    with pytest.raises(TypeError, match="Point has no z"):
        Point(x=1).replace(z=1)


def test_records_are_equal_if_their_kinds_and_values_are() -> None:
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Other(x=1)
    assert Point(x=1) != (1, 0)


def test_equal_records_are_one_in_a_set() -> None:
    assert len({Point(x=1), Point(x=1, y=0), Point(x=2)}) == 2


def test_a_record_shows_its_fields() -> None:
    assert repr(Point(x=1, y=2)) == "Point(x=1, y=2)"


def test_a_record_has_the_fields_of_its_bases_too_and_base_first() -> None:
    assert repr(Spot(colour="red")) == "Spot(x=5, y=0, colour='red')"
    assert repr(Mark(x=1)) == "Mark(x=1, y=0)"
    assert repr(Place(name="here", colour="red", y=2)) == "Place(x=5, y=2, colour='red', name='here', height=0)"
    assert Spot(x=1, colour="red").replace(y=2, colour="blue") == Spot(x=1, y=2, colour="blue")
    assert Spot(x=1, colour="red") != Spot(x=2, colour="red")
    with pytest.raises(TypeError, match="Spot needs colour"):
        Spot(x=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Mark needs x"):
        Mark(y=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Point has no colour"):
        Point(x=1, colour="red")  # type: ignore[call-arg]


def test_a_record_of_a_subclass_is_equal_to_none_of_its_base() -> None:
    point, mark = Point(x=1), Mark(x=1)
    assert point != mark
    assert mark != point
    assert len({point, mark}) == 2
