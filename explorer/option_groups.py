"""Groups of options that commands share, each one value: a dataclass whose fields are options of typer."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any

Command = Callable[..., None]


def grouped(command: Command) -> Command:
    """Show typer the fields of a command's groups as options; the command itself takes the groups."""
    shape = inspect.signature(command)
    groups: dict[str, Any] = {
        name: one.annotation for name, one in shape.parameters.items() if is_dataclass(one.annotation)
    }

    @wraps(command)
    def told(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{option.name: given.pop(option.name) for option in fields(group)})
        command(**given)

    shown = [
        option
        for name, one in shape.parameters.items()
        for option in (_options(groups[name]) if name in groups else [one])
    ]
    told.__annotations__ = {one.name: one.annotation for one in shown}
    told.__dict__["__signature__"] = shape.replace(parameters=shown)
    return told


def _options(group: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=one.type)
        for one in fields(group)
    ]
