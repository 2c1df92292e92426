"""Where the strong lines of each element are: intervals of wavelength, as data.

LAMOST's windows hold lines that are strong at R = 1800, and are in vacuum. Those of the paper's Table 2
served GALAH's spectra of R = 28,000, and are in air. Other elements' lines can lie in them too.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from model.chemistry import FAMILIES

RESOLUTION = 1800
"""Of LAMOST's spectra: lambda over the width at half maximum of a narrow line."""


class Window(NamedTuple):
    """An interval of wavelength, A, ends included; `band` where it holds molecular bands and no line."""

    low: float
    high: float
    band: bool = False


Windows = Mapping[str, tuple[Window, ...]]
"""Element -> its windows. Names are those of the columns, such as "mg" for [Mg/Fe] and "fe_h" for [Fe/H]."""

_LINES: Mapping[str, tuple[float, ...]] = {
    "fe_h": (
        4046.95, 4064.74, 4072.89, 4272.96, 4326.98, 4384.78, 4405.99, 4416.36, 4529.88, 4872.68, 4892.86,
        4921.88, 4958.98, 5228.64, 5271.00, 5329.52, 5372.98, 5407.28, 5431.21, 5448.43, 5457.13,
    ),  # Fe I
    "li": (6709.66,),  # Li I, a close pair
    "o": (7774.08, 7776.31, 7777.53),  # O I
    "na": (5891.58, 5897.56),  # Na I D
    "mg": (5168.76, 5174.12, 5185.05, 5529.94, 8809.17),  # Mg I b and two more
    "al": (3945.12, 3962.64),  # Al I
    "si": (3906.63,),  # Si I
    "k": (7667.01, 7701.08),  # K I, the first under telluric oxygen
    "ca": (3934.78, 3969.59, 4227.92, 6123.91, 6163.88, 8500.36, 8544.44, 8664.52),  # Ca II, Ca I
    "sc": (4248.02, 4321.95),  # Sc II
    "ti": (4396.27, 4445.05, 4469.75, 4502.53, 4534.51, 4573.25, 4983.12, 4992.46, 5000.90),  # Ti II, Ti I
    "mn": (4031.89, 4034.20, 4035.62, 4784.76, 4824.87),  # Mn I
    "sr": (4078.86, 4216.71),  # Sr II
    "y": (4376.16, 4885.05, 5088.83),  # Y II
    "ba": (4555.31, 4935.45, 6143.41, 6498.69),  # Ba II
    "eu": (4130.89, 4206.23),  # Eu II
}  # fmt: skip
"""Vacuum wavelengths, A."""

_CN = Window(4143.17, 4217.19, band=True)
"""Violet bands of CN, down from the head at 4216 A (air): oxygen acts on them by binding carbon in CO."""


def _lamost_windows() -> dict[str, tuple[Window, ...]]:
    found = {
        name: tuple(Window(x * (1 - 1 / RESOLUTION), x * (1 + 1 / RESOLUTION)) for x in lines)
        for name, lines in _LINES.items()
    }
    found["o"] += (_CN,)
    for family, elements in FAMILIES.items():
        found[family] = tuple(window for element in elements for window in found[element])
    return found


LAMOST_WINDOWS: Windows = MappingProxyType(_lamost_windows())
"""For spectra of R = 1800, vacuum, A: each line +- lambda / 1800."""

_TABLE_2: Mapping[str, tuple[tuple[float, float], ...]] = {
    "al": (
        (6695.78, 6696.17), (6698.41, 6698.92), (7834.95, 7835.47), (7835.84, 7836.43),
    ),
    "ba": (
        (5853.53, 5853.86), (6496.68, 6497.19),
    ),
    "ca": (
        (5857.22, 5857.60), (5867.28, 5867.72), (6493.48, 6493.99), (6499.37, 6499.94),
        (6508.52, 6509.03),
    ),
    "co": (
        (6632.23, 6632.81), (7712.41, 7713.07), (7837.76, 7838.50),
    ),
    "cr": (
        (4775.03, 4775.21), (4789.20, 4789.47), (4800.83, 4801.20), (4847.98, 4848.31),
        (5702.12, 5702.50), (5719.50, 5719.99), (5787.64, 5788.14), (5844.40, 5844.79),
        (6629.80, 6630.25),
    ),
    "cu": (
        (5781.92, 5782.42),
    ),
    "eu": (
        (5818.61, 5818.99), (6644.97, 6645.29),
    ),
    "k": (
        (7698.57, 7699.31),
    ),
    "la": (
        (4716.29, 4716.61), (4748.62, 4748.85), (4803.92, 4804.24), (5805.52, 5805.96),
    ),
    "li": (
        (6707.37, 6708.26),
    ),
    "mg": (
        (4729.90, 4730.22), (5710.86, 5711.30),
    ),
    "mn": (
        (4739.01, 4739.29), (4761.37, 4761.64), (4765.69, 4766.06), (4783.17, 4783.58),
    ),
    "na": (
        (4751.71, 4751.94), (5682.54, 5682.92), (5687.93, 5688.37),
    ),
    "ni": (
        (5748.21, 5748.59), (5846.82, 5847.21), (6482.60, 6483.05), (6532.58, 6533.10),
        (6586.02, 6586.47), (6643.37, 6643.94), (7713.89, 7714.48), (7788.48, 7789.29),
    ),
    "o": (
        (7771.53, 7772.27), (7773.75, 7774.57), (7775.08, 7775.75),
    ),
    "sc": (
        (4743.56, 4743.98), (4752.99, 4753.41), (5657.68, 5658.12), (5666.92, 5667.30),
        (5671.59, 5672.09), (5684.02, 5684.30), (5686.72, 5687.21), (5717.02, 5717.52),
        (5723.90, 5724.28), (6604.39, 6604.97),
    ),
    "si": (
        (5665.21, 5665.82), (5690.18, 5690.68), (5700.91, 5701.29), (5792.70, 5793.31),
    ),
    "ti": (
        (4719.32, 4719.60), (4757.96, 4758.28), (4759.07, 4759.48), (4764.40, 4764.82),
        (4778.06, 4778.43), (4781.56, 4781.93), (4797.84, 4798.12), (4798.35, 4798.63),
        (4801.80, 4802.21), (4820.11, 4820.66), (4849.04, 4849.41), (4865.28, 4865.83),
        (4873.88, 4874.20), (5689.25, 5689.80), (5716.25, 5716.80), (5720.27, 5720.65),
        (5739.24, 5739.68), (5866.02, 5866.79), (6598.89, 6599.53), (6716.52, 6716.90),
        (7852.19, 7853.01),
    ),
    "v": (
        (4746.51, 4746.78), (4784.32, 4784.60), (4796.74, 4796.97), (4831.52, 4831.75),
        (4875.26, 4875.72), (5657.07, 5657.68), (5668.13, 5668.62), (5670.60, 5671.10),
        (5702.78, 5703.88), (5725.27, 5725.82), (5726.87, 5727.36), (5727.42, 5727.97),
        (5730.99, 5731.49), (5736.82, 5737.26), (5743.20, 5743.70), (6531.18, 6531.62),
    ),
    "y": (
        (4854.79, 4855.02), (4883.54, 4883.82), (5662.74, 5663.18), (5728.74, 5729.01),
    ),
    "zn": (
        (4721.99, 4722.27), (4810.36, 4810.63),
    ),
}  # fmt: skip

GALAH_WINDOWS: Windows = MappingProxyType(
    {name: tuple(Window(low, high) for low, high in pairs) for name, pairs in _TABLE_2.items()}
)
"""Table 2 of the paper, **air**, A: for GALAH's spectra of R = 28,000."""
