"""What workers find out about a star: its spectra and their fit first, words about them afterwards."""

from dataclasses import dataclass, replace

from data.observation_name import Star as Sought
from data.problem import DataError
from data.spectra import Observation
from explorer import spectrum_words
from explorer.case import Case, Wish
from explorer.curves import Curves, Manner
from explorer.fit_words import fit_html
from explorer.overtaking import Overtaken, OvertakenError
from explorer.published import Published
from explorer.refit import Refitter
from explorer.spectroscopy import Spectroscopy


@dataclass(frozen=True, eq=False)
class Sight:
    """What is drawn of a star."""

    case: Case
    curves: Curves


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a sight, as HTML; `case` is that of the sight, with what had to be found out."""

    sight: Sight
    case: Case
    fit: str
    about: str


@dataclass(frozen=True)
class Study:
    """Finds it out; nothing here changes.

    Attributes
    ----------
    spectroscopy : where spectra and models are.
    """

    spectroscopy: Spectroscopy

    def find(self, star: Published, wish: Wish, manner: Manner, overtaken: Overtaken) -> Sight:
        """Look for the spectra of a star of the catalogue, and fit the one that is wished for.

        What fails of it is told in the case, and the rest is shown.

        Raises
        ------
        OvertakenError
            If another star was asked for meanwhile.
        """
        sought = Sought.at(star.catalogue.columns, star.row)
        case = Case.of_star(self.spectroscopy.sources, sought, {})
        if overtaken():
            raise OvertakenError
        return _sight(self._fitted(case, star, wish), manner)

    def take(self, observation: Observation, wish: Wish, manner: Manner, _overtaken: Overtaken) -> Sight:
        """Fit a spectrum that a visitor brought. DataError if it can't be used."""
        return _sight(self._fitted(Case.of_spectrum(observation), None, wish), manner)

    def _fitted(self, case: Case, star: Published | None, wish: Wish) -> Case:
        refitter: Refitter | None = None
        try:
            refitter = self._model(wish.model)
            if refitter is not None and star is not None:
                case = replace(case, known=star.labels(refitter.content.model.label_names))
            return case.with_fit(refitter, wish)
        except DataError as problem:
            return case.without_fit(refitter, wish, problem)

    def again(
        self, case: Case, star: Published | None, wish: Wish, manner: Manner, _overtaken: Overtaken
    ) -> Sight:
        """Fit it as it is wished for now. DataError if that leaves nothing to fit."""
        if wish.model != case.wish.model and star is not None:
            refitter = self._model(wish.model)
            names = refitter.content.model.label_names if refitter else ()
            case = replace(case, known=star.labels(names))
        same = wish == case.wish and (case.refitter is not None or not wish.model)
        return _sight(case if same else case.with_fit(self._model(wish.model), wish), manner)

    @staticmethod
    def tell(sight: Sight, star: Published | None, windows: bool, overtaken: Overtaken) -> Told:
        """Say what there is to say.

        Parameters
        ----------
        windows : whether to find out where chi2 near the lines of each element stands among other stars',
            which takes a look through the whole catalogue for each.

        Raises
        ------
        OvertakenError
            If another star was asked for meanwhile.
        """
        case = sight.case.with_repeats()
        standings = star.window_standings(overtaken) if windows and star is not None else {}
        about = spectrum_words.about_html(case) + spectrum_words.repeats_html(case)
        return Told(sight, case, fit_html(case, star, standings), about)

    def _model(self, name: str) -> Refitter | None:
        return self.spectroscopy.models.get(name) if name else None


def _sight(case: Case, manner: Manner) -> Sight:
    return Sight(case, Curves.of(case, manner))
