"""Records that nobody writes to while compiled code runs, so that what was read once need not be read again.

The kernel reaches everything through addresses, and the compiler must take it that a number written to any of them may
have been a setting: it would read its settings anew after every assignment. For these records it is told that they stay
as they are, until the function that Python called has returned.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils, errors
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic, lower_setattr_generic
from numba.np.arrayobj import record_getattr


class ReadOnly(types.Record):  # type: ignore[misc]
    """A record whose fields are read and never assigned to."""

    @classmethod
    def of(cls, record: types.Record) -> ReadOnly:
        """The same record, to be read only."""
        fields = [(name, field._asdict()) for name, field in record.fields.items()]
        return cls(fields, record.size, record.aligned)


register_default(ReadOnly)(models.RecordModel)


@lower_getattr_generic(ReadOnly)  # type: ignore[untyped-decorator]
def _read(context: Any, builder: Any, record: ReadOnly, value: Any, name: str) -> Any:
    """A field, which has the same value whenever it is read; of a small array its place, as of any other record."""
    kind = record.typeof(name)
    if isinstance(kind, types.NestedArray):
        return record_getattr(context, builder, record, value, name)
    place = cgutils.get_record_member(builder, value, record.offset(name), context.get_data_type(kind))
    return context.data_model_manager[kind].from_data(builder, constant(builder, place, record.aligned))


@lower_setattr_generic(ReadOnly)  # type: ignore[untyped-decorator]
def _refuse(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    raise errors.NumbaTypeError(f"'{name}' is part of a rule: rules are not written to while compiled code runs")


def constant(builder: Any, place: Any, aligned: bool = True) -> Any:
    """What is at a place of memory that stays as it is."""
    load = builder.load(place, align=None if aligned else 1)
    load.set_metadata("invariant.load", builder.module.add_metadata([]))
    return load
