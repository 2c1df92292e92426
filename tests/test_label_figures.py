"""Figures of labels: made once, filled anew, and laid out in the order of what was found."""

from bokeh.plotting import figure

from explorer.label_figures import LabelFigures


class Plot:
    """Keeps what it was filled with."""

    def __init__(self, name):
        self.figure = figure(name=name)
        self.filled = []


def test_each_is_made_once_and_those_of_the_last_study_are_seen():
    made = {}

    def make(name):
        assert name not in made
        made[name] = Plot(name)
        return made[name]

    figures = LabelFigures(make)
    figures.show(["a", "b"], lambda plot, name: plot.filled.append(f"first {name}"))
    first = [*figures.view]
    assert len(first) == 2
    figures.show(["c", "a"], lambda plot, name: plot.filled.append(f"second {name}"))
    assert [*figures.view][1] is first[0]
    assert first[1] not in [*figures.view]
    assert {name: plot.filled for name, plot in made.items()} == {
        "a": ["first a", "second a"],
        "b": ["first b"],
        "c": ["second c"],
    }
