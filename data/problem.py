"""The exception for what a person gave us and we cannot use, and for what can't be had just now."""


class DataError(ValueError):
    """A file, column, mapping or expression that cannot be used.

    Its text is one line for the person who gave it: what was given, what was expected, what to do.
    """


class UnknownColumnError(DataError):
    """A text that names a column which the catalogue at hand does not have.

    Attributes
    ----------
    column : the name.
    """

    def __init__(self, text: str, column: str) -> None:
        super().__init__(text)
        self.column = column


class UnreachableError(DataError):
    """A file that the system does not give now, and may give later: its disk is away, say."""
