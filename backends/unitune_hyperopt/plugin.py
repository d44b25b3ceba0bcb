"""What the Hyperopt backend says of itself."""

from __future__ import annotations

from unitune.capabilities import BackendSpec, Kind, Method
from unitune.hookspecs import hookimpl

# Not hp.quniform and its relatives: they halve the mass of the end values, leave the range, and
# are many times slower under TPE than a continuous parameter that the core rounds. And not
# hp.randint for numbers: TPE takes its values for unordered.
TAKES: frozenset[Kind] = frozenset(
    {"float/linear", "float/log", "categorical/any", "conditional/choice"}
)

# TPE squares distances: beyond this they overflow, and every proposal is as good as any other.
LARGEST = 1e150

# atpe knows parameters, but not under which conditions they are there.
FLAT: frozenset[Kind] = TAKES - {"conditional/choice"}


@hookimpl
def unitune_backends() -> list[BackendSpec]:
    """Yield the Hyperopt backend."""
    return [
        BackendSpec(
            "hyperopt",
            "unitune_hyperopt.study:HyperoptStudy",
            about="tree-structured Parzen estimators, and annealing, over conditional spaces",
            methods=(
                Method("random", TAKES, about="independent draws", learns=False),
                Method(
                    "tpe",
                    TAKES,
                    about="tree-structured Parzen estimator",
                    largest=LARGEST,
                    unordered=True,
                ),
                Method(
                    "anneal", TAKES, about="draws ever closer to the best trials", unordered=True
                ),
                Method(
                    "atpe",
                    FLAT,
                    about="TPE whose settings are predicted from the trials so far",
                    largest=LARGEST,
                    needs=("lightgbm", "sklearn"),
                    extra="hyperopt-atpe",
                ),
                Method(
                    "grid",
                    TAKES,
                    about="every combination once",
                    learns=False,
                    composed=True,
                    through="builtin:grid",
                ),
            ),
            flagship="tpe",
            distribution="hyperopt",
            module="hyperopt",
            requires=">=0.3,<0.4",
            tested="0.3.0",
            extra="hyperopt",
        )
    ]
