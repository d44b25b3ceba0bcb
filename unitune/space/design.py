"""Choosing which configs of a space a grid visits when the number of trials is limited."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping

from unitune.space.search_space import Config, Space

# Drawing without repeats ends after so many repeats in a row: then nearly all has been seen.
REPEATS = 1000
# A grid of more combinations than this is not walked through to see which satisfy constraints.
COUNTED = 100_000


def points_for_budget(space: Space, n_trials: int) -> int:
    """Return the most points per parameter with which a grid has at most `n_trials` configs.

    At least two, even if that is too many; at most `n_trials`.

    Example:
        >>> from unitune import Float, Space
        >>> points_for_budget(Space({"x": Float(0, 1), "y": Float(0, 1)}), 30)
        5
    """
    fits, beyond = 2, 3
    while beyond <= n_trials and _fits(space, beyond, n_trials):
        fits, beyond = beyond, 2 * beyond
    beyond = min(beyond, n_trials + 1)
    while beyond - fits > 1:  # by halves: trying one after another takes n_trials² values
        middle = (fits + beyond) // 2
        if _fits(space, middle, n_trials):
            fits = middle
        else:
            beyond = middle
    return fits


def grid_for_budget(
    space: Space, n_trials: int, seed: int, points: int | Mapping[str, int] | None = None
) -> Iterator[Config]:
    """Return the configs of a grid that `n_trials` trials visit.

    A grid that fits is visited in its own order. Of a larger one the trials visit a random part:
    its first part would leave the first parameters at their low ends.

    Args:
        space: the space.
        n_trials: the number of trials.
        seed: decides which part of a grid larger than `n_trials` is visited.
        points: points per parameter, as in `Space.grid`; None takes as many as fit.
    """
    if points is None:
        points = points_for_budget(space, n_trials)
    if _fits(space, points, n_trials):
        return space.grid(points)
    return _random_part(space, points, random.Random(seed))


def _fits(space: Space, points: int | Mapping[str, int], n_trials: int) -> bool:
    """Return whether a grid has at most `n_trials` configs that satisfy the constraints."""
    size = space.grid_size(points)
    if size <= n_trials or not space.constraints or size > COUNTED:
        return size <= n_trials
    return sum(1 for _ in itertools.islice(space.grid(points), n_trials + 1)) <= n_trials


def _random_part(
    space: Space, points: int | Mapping[str, int], rng: random.Random
) -> Iterator[Config]:
    values = space.grid_values(points)
    seen: set[tuple[tuple[str, int], ...]] = set()
    repeats = 0
    while repeats < REPEATS:
        config: Config = {}
        places = []
        for name in space:
            if space.is_active(name, config):
                place = rng.randrange(len(values[name]))
                config[name] = values[name][place]
                places.append((name, place))
        key = tuple(places)
        if key in seen:
            repeats += 1
        elif space.broken_constraint(config) is None:
            seen.add(key)
            repeats = 0
            yield config
        else:
            seen.add(key)
