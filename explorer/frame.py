"""The frame around the views: header, sidebar and the tabs, as Panel serves them."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

from data.catalogue import Catalogue
from explorer import look
from explorer.session import Session
from explorer.text import text


def badge(catalogue: Catalogue) -> Any:
    """The name of the catalogue, and whether its stars are real."""
    kind = "MOCK" if catalogue.mock else "real"
    return text(
        f"badge-{'mock' if catalogue.mock else 'real'}",
        f"<span class='name'>{html.escape(catalogue.name)}</span> · {kind}",
        sizing_mode=None,
        margin=(0, 12),
        align="center",
    )


def section(title: str, *parts: Any) -> Any:
    """A part of the sidebar under its heading."""
    return pmui.Column(text("section", f"<h3>{title}</h3>"), *parts, margin=0, sizing_mode="stretch_width")


def tabbed(session: Session, pages: Mapping[str, tuple[str, Any]]) -> Any:
    """Tabs that follow the session, and it them; each has a title, its key in the state, and a page."""
    keys = [key for key, _ in pages.values()]
    tabs = pmui.Tabs(
        *((title, page) for title, (_, page) in pages.items()),
        margin=0, sx=look.TABS, active=keys.index(session.state.tab),
    )  # fmt: skip
    tabs.param.watch(lambda event: session.change(tab=keys[event.new]), "active")
    session.listen(lambda _, after: tabs.param.update(active=keys.index(after.tab)))
    return tabs


def framed(header: Sequence[Any], sidebar: Sequence[Any], tabs: Any) -> Any:
    """The page as Panel serves it."""
    page = pmui.Page(
        title="Milky Way enrichment explorer",
        header=[*header],
        sidebar=[pmui.Column(*sidebar, sizing_mode="stretch_width")],
        main=[tabs],
        sidebar_width=232,
        theme_config=look.THEME,
        sx=look.PAGE,
        raw_css=[look.LOADER_CSS],
        busy_indicator=None,
    )
    _release(page)
    return page


def _release(page: Any) -> None:
    """End what ties a page to the server's own state, which would keep it in memory for ever.

    It also tells every visitor whenever the server works for any of them.
    """
    for watcher in tuple(pn.state.param.watchers["busy"]["value"]):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            pn.state.param.unwatch(watcher)
