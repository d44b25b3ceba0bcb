"""What the scikit-optimize backend says of itself."""

from __future__ import annotations

from unitune.capabilities import BackendSpec, Kind, Method
from unitune.hookspecs import hookimpl

# The Gaussian process works on dimensions scaled to [0, 1], and there the library rounds an
# Integer so that its two end values have half the share of the others: not our law, so that
# integers reach it as continuous ranges. A log-uniform Integer is another law everywhere, and
# choices other than strings crash or fall together (1, True, 1.0).
NORMALISED: frozenset[Kind] = frozenset(
    {"float/linear", "float/log", "categorical/text", "constraint"}
)
PLAIN: frozenset[Kind] = NORMALISED | {"int/linear"}

# scikit-learn's trees hold numbers in 32 bits, and refuse those beyond.
LARGEST_IN_TREES = (2 - 2**-23) * 2.0**127


@hookimpl
def unitune_backends() -> list[BackendSpec]:
    """Yield the scikit-optimize backend."""
    return [
        BackendSpec(
            "skopt",
            "unitune_skopt.study:SkoptStudy",
            distribution="scikit-optimize",
            module="skopt",
            requires=">=0.10.2,<0.11",
            tested="0.10.2",
            extra="skopt",
            flagship="gp",
            about="scikit-optimize: Gaussian processes and trees as surrogates",
            methods=(
                Method("random", PLAIN, about="independent draws", learns=False),
                Method("gp", NORMALISED, about="Gaussian process, as gp_minimize; slow past 100"),
                Method(
                    "gp_fast",
                    NORMALISED,
                    about="the library's Gaussian process with cheaper settings of unitune's own",
                ),
                Method(
                    "forest",
                    PLAIN,
                    about="extra trees, as forest_minimize",
                    largest=LARGEST_IN_TREES,
                ),
                Method(
                    "rf",
                    PLAIN,
                    about="random forest, as forest_minimize with 'RF'",
                    largest=LARGEST_IN_TREES,
                ),
                Method(
                    "gbrt",
                    PLAIN,
                    about="gradient-boosted quantile trees, as gbrt_minimize",
                    largest=LARGEST_IN_TREES,
                ),
                Method(
                    "grid",
                    PLAIN,
                    about="every combination once",
                    learns=False,
                    composed=True,
                    through="builtin:grid",
                ),
            ),
            aliases={"et": "forest"},
        )
    ]
