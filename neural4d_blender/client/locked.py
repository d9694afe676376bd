"""Methods that no two threads are in at once. Standard library only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Method = TypeVar("_Method", bound=Callable[..., Any])


def alone(method: _Method) -> _Method:
    """Have the method wait until nobody else is in one of its object's, which has a ``lock``."""

    @functools.wraps(method)
    def one_by_one(self: Any, *args: Any, **values: Any) -> Any:
        with self.lock:
            return method(self, *args, **values)

    return cast("_Method", one_by_one)
