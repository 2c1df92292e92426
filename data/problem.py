"""The one exception for what a person gave us and we cannot use."""


class DataError(ValueError):
    """A file, column, mapping or expression that cannot be used.

    Its text is one line for the person who gave it: what was given, what was expected, what to do.
    """
