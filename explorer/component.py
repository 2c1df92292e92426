"""A component whose browser can be told news in the midst of a gesture, at the least cost."""

from typing import Any

import param
from panel.custom import JSComponent

from explorer.sending import together


class Component(JSComponent):
    """One that sends values straight to the browser's model.

    To Panel any change is a reason to look through all that is in a component, and a message of its own.
    """

    def _process_event(self, event: Any) -> None:
        """Do what the browser asks, and have all that it changes reach it."""
        together(super()._process_event)(event)

    def tell(self, **values: Any) -> None:
        """Have the browser know these values of the component's parameters, if any differs from before."""
        together(self._tell)(**values)

    def _tell(self, **values: Any) -> None:
        news = {name: value for name, value in values.items() if value != getattr(self, name)}
        if not news:
            return
        with param.discard_events(self):
            self.param.update(**news)
        for ref, (model, _) in self._models.items():
            self._changing[ref] = [*news]
            try:
                model.data.update(**news)
            finally:
                del self._changing[ref]
