"""Of the columns of a source the browser is sent those that changed."""

import numpy as np
from bokeh.document import Document
from bokeh.models import ColumnDataSource

from explorer import columns


def test_only_columns_that_changed_are_sent():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    source = ColumnDataSource(data={"map": [image], "map_x": [1.0], "side": [4.0]})
    document, told = Document(), []
    document.add_root(source)
    document.on_change(lambda event: told.append(event.cols))

    columns.push(source, {"map": [image.copy()], "map_x": [1.0], "side": [4.0]})
    assert told == []
    columns.push(source, {"map": [image + 1], "map_x": [1.0], "side": [4.0]})
    columns.push(source, {"map": [image[:2]], "map_x": [2.0], "side": [4.0]})
    assert [set(cols) for cols in told] == [{"map"}, {"map", "map_x"}]
    assert np.array_equal(source.data["map"][0], image[:2])


def test_an_array_with_gaps_is_sent_once():
    flux = np.array([1.0, np.nan, 0.9])
    source = ColumnDataSource(data={"flux": flux, "names": ["Mg", "", "Ca"]})
    document, told = Document(), []
    document.add_root(source)
    document.on_change(lambda event: told.append(event.cols))
    columns.push(source, {"flux": flux.copy(), "names": ["Mg", "", "Ca"]})
    assert told == []
    for gap in (0, 1):
        columns.push(source, {"flux": np.where(np.arange(3) == gap, np.nan, [1.0, 1.0, 0.9])})
    columns.push(source, {"names": ["Mg", "Fe", "Ca"]})
    assert [set(cols) for cols in told] == [{"flux"}, {"flux"}, {"names"}]


def test_arrays_and_new_columns_are_compared_too():
    source = ColumnDataSource(data={"selected": np.arange(3.0)})
    columns.push(source, {"selected": np.arange(3.0), "floor": np.zeros(3)})
    assert {*source.data} == {"selected", "floor"}
    columns.push(source, {"selected": np.ones(3)})
    assert source.data["selected"].tolist() == [1, 1, 1]
