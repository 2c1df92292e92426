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
    "@media (max-width: 1100px)": {
        "& .header .title": {"fontSize": "13px", "width": "136px", "flex": "none", "lineHeight": 1.2}
    },
    "& .MuiToolbar-root": {"minHeight": "44px !important", "margin": "0 4px"},
    "& .MuiDrawer-paper": {"padding": "4px 12px 12px"},
    "& .main-content": {"padding": "0 8px"},
}
"""Styles of the frame around the views."""

TABS: dict[str, Any] = {
    "& .MuiTabs-root, & .MuiTab-root": {"minHeight": "34px", "padding": "4px 16px", "textTransform": "none"},
}

TOGGLES: dict[str, Any] = {
    "& .MuiToggleButton-root": {"textTransform": "none", "whiteSpace": "nowrap", "padding": "5px 10px"},
}
"""Buttons of which one is down, with words as they are written."""

LOADER_CSS = "#loader { background: transparent !important; }"
"""While the page settles, its own spinner, without a veil over what is there already."""

_INK, _FAINT_INK, _LINE = "rgba(0, 0, 0, 0.87)", "rgba(0, 0, 0, 0.6)", "rgba(0, 0, 0, 0.22)"
_FONT = '"Roboto", "Helvetica", "Arial", sans-serif'

FIGURE: dict[str, Any] = {
    "background_fill_color": "#fff", "border_fill_color": "#fff",
    "outline_line_color": _INK, "outline_line_alpha": 0,
}  # fmt: skip
AXIS: dict[str, Any] = {
    "axis_line_color": _LINE, "major_tick_line_color": _LINE, "minor_tick_line_color": _LINE,
    "axis_line_alpha": 0, "major_tick_line_alpha": 0, "minor_tick_line_alpha": 0,
    "major_label_text_color": _FAINT_INK, "major_label_text_font": _FONT,
    "major_label_text_font_size": "0.925em", "major_label_text_font_style": "normal",
    "axis_label_text_color": _INK, "axis_label_text_font": _FONT,
    "axis_label_text_font_size": "1em", "axis_label_text_font_style": "normal", "axis_label_standoff": 12,
}  # fmt: skip
"""Figures and axes as the page's light theme sets them: what is so already is not drawn and typeset twice."""
BAR: dict[str, Any] = {
    "background_fill_color": "#fff", "background_fill_alpha": 0, "bar_line_alpha": 0,
    "major_tick_line_alpha": 0, "minor_tick_line_alpha": 0,
    "title_text_color": _INK, "title_text_font": _FONT, "title_text_font_size": "0.95em",
    "title_text_font_style": "normal",
    "major_label_text_color": _FAINT_INK, "major_label_text_font": _FONT,
    "major_label_text_font_size": "0.9em", "major_label_text_font_style": "normal",
}  # fmt: skip
"""Bars of colours likewise: one that changes before it is laid out keeps the whole page from being drawn."""
