"""A mock survey small enough for tests, with clusters as rich as in a large one."""

import pytest

from explorer.demo import make_demo

STARS = 20_000


def rich_mock(folder):
    """Writes it into a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.siblings.FULL_RICHNESS", STARS)
        return make_demo(folder / "rich.parquet", stars=STARS, seed=2)
