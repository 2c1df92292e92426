"""Extinction against an adaptive integral of the same dust along lines of sight."""

import numpy as np
import pytest
from scipy.integrate import quad

from model.dust import extinction, opacity


def brute(longitude, latitude, distance):
    lon, lat = np.radians([longitude, latitude])

    def along(s):
        x, y = 8.0 - s * np.cos(lat) * np.cos(lon), s * np.cos(lat) * np.sin(lon)
        return float(opacity(np.hypot(x, y), 0.025 + s * np.sin(lat)))

    return quad(along, 0, distance, limit=500, epsabs=1e-9)[0]


@pytest.mark.parametrize("latitude", [-60.0, -8.0, 3.0, 25.0, 90.0])
@pytest.mark.parametrize("longitude", [20.0, 95.0, 180.0])
@pytest.mark.parametrize("distance", [0.1, 1.0, 6.0])
def test_extinction_is_the_integral_of_opacity(longitude, latitude, distance):
    given = (np.array(each) for each in (longitude, latitude, distance, 1.0))
    assert float(extinction(*given)) == pytest.approx(
        brute(longitude, latitude, distance), rel=0.02, abs=0.002
    )


def test_extinction_grows_with_distance_and_clumps():
    distance = np.linspace(0.05, 12, 60)
    smooth = extinction(np.full(60, 170.0), np.full(60, 4.0), distance, np.ones(60))
    assert np.all(np.diff(smooth) > 0)
    np.testing.assert_allclose(
        extinction(np.full(60, 170.0), np.full(60, 4.0), distance, np.full(60, 1.7)), 1.7 * smooth
    )
