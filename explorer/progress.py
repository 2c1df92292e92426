"""Progress bars in the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from explorer.headway import told_of
from explorer.interrupt import interruptible

ERRORS = Console(stderr=True)


@contextmanager
def progress_bar() -> Iterator["Report"]:
    """A bar for long work, where a person watches: nothing is left of it, in a log least of all."""
    words = TextColumn("{task.description}")
    columns = (words, BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    shown = Progress(*columns, console=ERRORS, transient=True, disable=not ERRORS.is_terminal)
    with interruptible() as check, shown as bar:
        yield Report(bar, check)


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Of lately; nothing before there is a rate."""
        return Text("" if task.speed is None else f"{task.speed:,.3g}/s")


class Report:
    """Passes `(done, total, what)` on to a progress bar, one line for each kind of work.

    Each time it first calls `check`, which ends the work if a person asked for that.
    """

    def __init__(self, bar: Progress, check: Callable[[], None]) -> None:
        self._bar = bar
        self._check = check
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Show how far a kind of work is."""
        self._check()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)

    def of(self, what: str) -> Callable[[int, int], None]:
        """A `(done, total)` for one kind of work."""
        return told_of(self, what)
