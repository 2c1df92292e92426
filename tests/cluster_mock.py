"""A mock survey small enough for tests, with clusters as rich as in a large one."""

import pytest

from explorer.demo import make_demo

STARS = 20_000


def rich_mock(folder, pairs=0.0015):
    """Writes it into a folder; pairs is the number of wide binaries a star."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.siblings.FULL_RICHNESS", STARS)
        patch.setattr("model.siblings.PAIR_SHARE", pairs)
        return make_demo(folder / "rich.parquet", stars=STARS, seed=2)
