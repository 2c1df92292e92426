"""What every page opens with: figures are copied exactly, and a visitor never shares another's."""

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from explorer.opening import STOCK, Shelf
from explorer.template import Template
from tests.browser import eventually


@pytest.fixture
def template():
    source = ColumnDataSource(data={"image": [np.arange(6, dtype=np.uint8).reshape(2, 3)]}, name="sheet")
    plot = figure(name="plot", x_range=Range1d(1, 2), y_range=Range1d(3, 4))
    plot.image(image="image", x=0, y=0, dw=1, dh=1, source=source)
    return Template([source, plot])


def written(models):
    document = Document()
    for model in (models["sheet"], models["plot"]):
        document.add_root(model)
    return document.to_json(deferred=False)["roots"]


def test_a_copy_is_what_was_drawn(template):
    first, second = template.copy(), template.copy()
    assert first.keys() == {"sheet", "plot"}
    assert first["plot"].renderers[0].data_source is first["sheet"]
    np.testing.assert_array_equal(first["sheet"].data["image"][0], [[0, 1, 2], [3, 4, 5]])
    assert written(first) == written(second)


def test_copies_share_nothing(template):
    first, second = template.copy(), template.copy()
    first["plot"].x_range.start = 99
    first["sheet"].data["image"][0][0, 0] = 7
    for other in (second, template.copy()):
        assert other["plot"].x_range.start == 1
        assert other["sheet"].data["image"][0][0, 0] == 0


def test_the_shelf_gives_each_visitor_a_copy_and_fills_up_again(template, monkeypatch):
    made = []
    copy = template.copy
    monkeypatch.setattr(template, "copy", lambda: made.append(copy()) or made[-1])
    shelf = Shelf(template)
    taken = [shelf.take() for _ in range(5)]
    assert len(made) == 5
    shelf.refill()
    shelf.refill()
    eventually(lambda: check(len(made) == 5 + STOCK))
    taken += [shelf.take() for _ in range(STOCK)]
    assert len(made) == 5 + STOCK
    assert len({id(models["plot"]) for models in taken}) == len(made)


def check(holds):
    assert holds
