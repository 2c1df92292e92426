"""How the page looks: calm greys, one accent, small controls. The data are the only saturated thing on it."""

from typing import Any

ACCENT = {"light": "#2a6299", "dark": "#8ab8e6"}


def _scheme(mode: str) -> dict[str, Any]:
    return {
        "palette": {"primary": {"main": ACCENT[mode]}},
        "typography": {"fontSize": 12.5},
        "shape": {"borderRadius": 4},
        "components": {"MuiButton": {"styleOverrides": {"root": {"textTransform": "none"}}}},
    }


THEME: dict[str, Any] = {"light": _scheme("light"), "dark": _scheme("dark")}
"""Material theme of the page, light and dark."""

PAGE: dict[str, Any] = {
    # By these two values the library knows a header in the page's own colours; the next entry sets them.
    ".MuiAppBar-root": {"bgcolor": "primary.contrastText", "color": "primary.main"},
    "& .MuiAppBar-root": {
        "backgroundColor": "background.paper",
        "backgroundImage": "none",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .header .title": {"color": "text.primary", "fontSize": "17px", "fontWeight": 600},
    "& .MuiToolbar-root": {"minHeight": "44px !important", "margin": "0 4px"},
    "& .MuiDrawer-paper": {"padding": "4px 12px 12px"},
    "& .main-content": {"padding": "0 8px"},
}
"""Styles of the frame around the views."""

TABS: dict[str, Any] = {
    "& .MuiTabs-root, & .MuiTab-root": {"minHeight": "34px", "padding": "4px 16px", "textTransform": "none"},
}

LOADER_CSS = "#loader { background: transparent !important; }"
"""While the page settles, its own spinner, without a veil over what is there already."""
