"""Who members of a cluster are, as a command was told: a ready-made cut, numbers, or a list."""

import math
from pathlib import Path

from data.catalogue import Catalogue
from data.pair_table import same_release
from data.problem import DataError
from explorer.cluster_options import LONGEST, cut_of, identifiers
from explorer.open_clusters import OPEN_CLUSTERS
from model.clusters import ClusterCut


def members_told(
    cluster: str | None, members: str | None, numbers: tuple[float | None, ...]
) -> tuple[ClusterCut | None, tuple[int, ...]]:
    """The cut, or else the identifiers, that a command was told.

    Parameters
    ----------
    cluster : name of a ready-made cut.
    members : file of identifiers.
    numbers : those of a cut, as `cut_of` takes them.

    Raises
    ------
    DataError
        If not just one of these is given, or it can't be used.
    """
    cut = cut_named(cluster, *numbers)
    if (cut is None) == (members is None):
        raise DataError(
            "members are those of --cluster NAME ('list' tells names), of --ra, --dec and --radius, or of "
            "--members FILE: give one of these"
        )
    return cut, () if members is None else listed_ids(members)


def cut_named(cluster: str | None, *numbers: float | None) -> ClusterCut | None:
    """The cut that was asked for; None where no number and no name is given.

    Raises
    ------
    DataError
        If a name is not known, both are given, or a number is missing.
    """
    given = [number for number in numbers if number is not None and math.isfinite(number)]
    if cluster is not None:
        if given:
            raise DataError("--cluster brings a cut with it: give it, or the numbers of a cut, not both")
        known = {name.lower(): each for name, each in OPEN_CLUSTERS.items()}
        if cluster.lower() not in known:
            raise DataError(
                f"'{cluster[:40]}' is not ready-made: give one of {', '.join(OPEN_CLUSTERS)}, or a cone"
            )
        return known[cluster.lower()].cut
    if not given:
        return None
    return cut_of(*numbers)


def listed_ids(members: str) -> tuple[int, ...]:
    """Read identifiers of a text file, which may begin with the word source_id.

    Raises
    ------
    DataError
        If there is no such file, or what it holds is no list of identifiers.
    """
    path = Path(members).expanduser()
    if not members or not path.is_file():
        raise DataError(f"--members '{members[:60]}' is no file: give a text file of Gaia source_ids")
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    lines = content.decode("utf-8", errors="replace").removeprefix("\ufeff").splitlines()
    if lines and lines[0].strip().lower() == "source_id":
        lines = lines[1:]
    return identifiers("\n".join(lines))


def same_stars(catalogue: Catalogue, given: str | None, members: str | None) -> None:
    """Refuse, with a DataError, identifiers of another Gaia release: they name other stars."""
    if given is None:
        return
    if members is None:
        raise DataError(
            "--gaia-release says of which release the identifiers in --members are: give these too"
        )
    own = catalogue.metadata.get("gaia_release", "")
    if not own:
        raise DataError(
            "the catalogue does not say of which Gaia release its source_id are: say it in its mapping "
            "(gaia_release), or leave --gaia-release out if you know that they are the same"
        )
    if not same_release(given, own):
        raise DataError(
            f"the members are of Gaia {given[:20]}, the source_id of the catalogue of Gaia {own}: the same "
            "number names different stars in them; give a list of that release, or a cone"
        )
