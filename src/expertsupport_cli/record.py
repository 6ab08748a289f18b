"""Immutable values with named fields.

A `@dataclass(frozen=True, kw_only=True)` without its cost at start-up: `dataclasses` writes the source of the methods
of each class and compiles it, which takes 0.6 ms per class; creating a Record class takes 0.04 ms, and there are some
thirty of them. Importing `dataclasses` costs another 8 to 13 ms. Type checkers see dataclasses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_options):
        return lambda cls: cls


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """Subclasses declare their fields as annotations, with optional defaults, and inherit those of their bases.

    A module that defines records imports `annotations` from `__future__`, so that no version of Python evaluates them.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        inherited = [name for base in reversed(cls.__bases__) for name in getattr(base, "_fields", ())]
        cls._fields = tuple(dict.fromkeys([*inherited, *cls.__annotations__]))

    def __init__(self, **values: Any) -> None:
        cls = type(self)
        for name in cls._fields:
            if name in values:
                object.__setattr__(self, name, values.pop(name))
            elif not hasattr(cls, name):
                raise TypeError(f"{cls.__name__} needs {name}")
        if values:
            raise TypeError(f"{cls.__name__} has no {', '.join(values)}")

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return type(self)(**{**vars(self), **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; see replace()")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; see replace()")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(tuple(self._values().items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._values().items())})"

    def _values(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self._fields}
