"""Views and luck that note what a strategy reaches for beyond what it is given."""

from __future__ import annotations

import sys
from typing import Any

from lifesim.strategy import Luck, View

#: Modules to which a view's or luck's private parts belong.
_HOMES = ("lifesim.strategy", "lifesim.testing", "functools")


class Trespasses:
    """What was reached for.

    Attributes
    ----------
    private
        Private attributes, as ``CustomerView._world``.
    columns
        Columns that the view does not have.
    """

    def __init__(self) -> None:
        self.private: list[str] = []
        self.columns: list[str] = []

    def view(self, kind: type[View]) -> type[View]:
        """A class of views that notes what is reached for."""
        noted = self.columns

        def column(self: View, name: str) -> Any:
            if name not in self.names:
                noted.append(name)
            return kind.column(self, name)

        return type(kind.__name__, (kind,), {"__getattribute__": self._noting(kind), "column": column})

    def luck(self) -> type[Luck]:
        """A class of luck that notes what is reached for."""
        noted = self.private

        def __setattr__(self: Luck, name: str, value: Any) -> None:  # noqa: N807 - it takes the place of that method
            if not _at_home(sys._getframe(1).f_globals.get("__name__", "")):
                noted.append(f"Luck.{name}")
            object.__setattr__(self, name, value)

        return type(Luck.__name__, (Luck,), {"__getattribute__": self._noting(Luck), "__setattr__": __setattr__})

    def _noting(self, kind: type[Any]) -> Any:
        noted = self.private

        def __getattribute__(self: Any, name: str) -> Any:  # noqa: N807 - it takes the place of that method
            private = name == "__dict__" or (name.startswith("_") and not name.startswith("__"))
            if private and not _at_home(sys._getframe(1).f_globals.get("__name__", "")):
                noted.append(f"{kind.__name__}.{name}")
            return super(type(self), self).__getattribute__(name)

        return __getattribute__


def _at_home(module: str) -> bool:
    return any(module == home or module.startswith(f"{home}.") for home in _HOMES)
