"""Panel's tags on what a page's components hold, at a cost that grows with the page, not with its depth."""

from typing import Any

from bokeh.model import DataModel
from panel.reactive import ReactiveCustomBase


def tag_own_only() -> None:
    """Have each of Panel's components tag what it holds itself.

    As it comes, a component looks through everything within it, figures and all, to tag what the components
    there hold; and each of those has done so before: a walk for each level of a page, and for each change.
    """
    ReactiveCustomBase._patch_datamodel_ref = classmethod(_tag)  # noqa: SLF001 - there is no public way


def _tag(_component: type[ReactiveCustomBase], held: Any, page: str) -> None:
    tag = f"__ref:{page}"
    if isinstance(held, DataModel) and tag not in held.tags:
        held.tags.append(tag)
