"""What Panel's components hold has the tags that Panel would give it, however it came to the page."""

import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.model import DataModel
from bokeh.plotting import figure
from panel.reactive import ReactiveCustomBase

from explorer.count import Count
from explorer.tagging import tag_own_only


def tagged():
    """Build a page, change it, and give each kind of data that is there, with how many right tags it has."""
    late = pmui.Column(pmui.Button(label="late"), pn.Row(Count()))
    tabs = pmui.Tabs(("a", pmui.Column(Count())), ("b", pmui.Row(pmui.Checkbox())), dynamic=True)
    page = pmui.Column(pn.pane.Bokeh(figure()), pmui.Row(Count(), pmui.Card(pmui.Switch())), tabs)
    root = page.get_root()
    page.append(late)
    tabs.active = 1
    late[0].label = "later"
    held = root.select({"type": DataModel})
    return sorted((type(each).__name__, each.tags.count(f"__ref:{root.ref['id']}")) for each in held)


def test_tags_are_those_that_panel_gives(monkeypatch):
    by_panel = tagged()
    monkeypatch.setattr(ReactiveCustomBase, "_patch_datamodel_ref", ReactiveCustomBase._patch_datamodel_ref)
    tag_own_only()
    assert tagged() == by_panel
    assert len(by_panel) > 10
    assert {count for _, count in by_panel} == {1}


@pytest.mark.parametrize("change", ["objects", "label"])
def test_what_is_within_is_not_looked_through(monkeypatch, change):
    monkeypatch.setattr(ReactiveCustomBase, "_patch_datamodel_ref", ReactiveCustomBase._patch_datamodel_ref)
    tag_own_only()
    page = pmui.Column(pmui.Button(label="first"), pn.pane.Bokeh(figure()))
    monkeypatch.setattr(DataModel, "select", lambda *_: pytest.fail("a walk through the page"))
    page.get_root()
    if change == "objects":
        page.append(pmui.Switch())
    else:
        page[0].label = "second"
