"""Which points lie in a polygon that never crosses itself: by the angle that its outline turns round them."""

import numpy as np


def surrounded(x, y, vertices):
    """Mask of the points round which the outline turns once; a missing coordinate is outside."""
    corners = np.array(vertices, float)
    turned = np.zeros(len(x))
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ax, ay, bx, by = x0 - x, y0 - y, x1 - x, y1 - y
        turned += np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    return np.abs(turned) > np.pi  # a comparison with NaN is False
