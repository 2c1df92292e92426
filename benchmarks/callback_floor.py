"""The floor of what a drawer can do: a page whose button is answered by an empty callback."""

import sys
from typing import Any

import panel as pn
import param
from panel.custom import JSComponent


class Echo(JSComponent):
    """A button; each press is answered by a number that is one more."""

    answer = param.Integer(default=0)

    _esm = """
    export function render({ model, el }) {
      const button = document.createElement("button")
      button.textContent = "press"
      button.addEventListener("click", () => model.send_msg("press"))
      model.on("answer", () => window.dispatchEvent(new Event("answered")))
      el.append(button)
    }
    """

    def _handle_msg(self, _data: Any) -> None:
        self.answer += 1


def page() -> Echo:
    """A button for each visitor."""
    return Echo()


if __name__ == "__main__":
    pn.extension()
    pn.serve({"/": page}, port=int(sys.argv[1]), address="127.0.0.1", show=False)
