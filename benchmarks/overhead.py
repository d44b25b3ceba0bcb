"""What unitune adds to the libraries it wraps: the same search with it and by hand.

    python benchmarks/overhead.py                       # everything, about ten minutes
    python benchmarks/overhead.py tpe skopt --rounds 9  # what has 'tpe' or 'skopt' in its name
    python benchmarks/overhead.py --trials 5 --rounds 1

The loss takes a microsecond, so that all the time is the tuner's. Both searches run in this
process and take turns, one trial each (see `turns`), in rounds with a seed of their own; each
search goes first in every other round. The time of a search is its CPU time from before it
creates anything to its return, and the figures are medians over the rounds.
"""

from __future__ import annotations

import os

# Before numpy is imported: threads of its own would be charged to nobody.
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import importlib.util
import math
import sys
import warnings
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from statistics import median

from contenders import CONTENDERS, Contender, cheap_loss
from turns import Bill, take_turns

LARGEST_RATIO = 1.05
LARGEST_ADDED = 0.3  # milliseconds per trial
HEADER = (
    f"{'contender':16}{'trials':>7}{'rounds':>7}{'by hand':>10}{'unitune':>10}{'added':>9}"
    f"{'ratio':>8}{'wall':>8}  {'configs':10}verdict"
)


@dataclass(frozen=True, slots=True)
class Round:
    """One pair of searches with one seed."""

    trials: int
    _: KW_ONLY
    by_hand: Bill
    by_unitune: Bill

    @property
    def added(self) -> float:
        """Milliseconds of CPU that unitune adds to a trial."""
        return 1e3 * (self.by_unitune.cpu - self.by_hand.cpu) / self.trials

    @property
    def ratio(self) -> float:
        """CPU time with unitune over CPU time by hand."""
        return self.by_unitune.cpu / self.by_hand.cpu

    @property
    def wall(self) -> float:
        """The same for the wall clock, which others on the machine disturb."""
        return self.by_unitune.wall / self.by_hand.wall

    @property
    def same(self) -> bool:
        """Whether both searches tried the same configs."""
        pairs = zip(self.by_hand.losses, self.by_unitune.losses, strict=True)
        return all(math.isclose(one, other, rel_tol=1e-9) for one, other in pairs)


def measure(contender: Contender, trials: int, rounds: int) -> list[Round]:
    """Search in both ways as often as asked, after one unmeasured round."""
    play(contender, min(trials, 12), seed=rounds, swap=False)
    return [play(contender, trials, seed=seed, swap=seed % 2 == 1) for seed in range(rounds)]


def play(contender: Contender, trials: int, *, seed: int, swap: bool) -> Round:
    """Search in both ways with one seed."""
    searches = [contender.by_hand, contender.by_unitune]
    if swap:
        searches.reverse()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own, on the side that is done by hand
        bills = list(take_turns(*searches, trials=trials, seed=seed, loss=cheap_loss))
    if swap:
        bills.reverse()
    return Round(trials, by_hand=bills[0], by_unitune=bills[1])


def row(contender: Contender, rounds: Sequence[Round]) -> str:
    """Return one line of the table."""
    trials = rounds[0].trials
    by_hand = 1e3 * median(r.by_hand.cpu for r in rounds) / trials
    by_unitune = 1e3 * median(r.by_unitune.cpu for r in rounds) / trials
    added, ratio = median(r.added for r in rounds), median(r.ratio for r in rounds)
    wall = median(r.wall for r in rounds)
    same = "same" if all(r.same for r in rounds) else "DIFFERENT"
    return (
        f"{contender.name:16}{trials:7}{len(rounds):7}{by_hand:10.3f}{by_unitune:10.3f}"
        f"{added:+9.3f}{ratio:8.3f}{wall:8.3f}  {same:10}{verdict(contender, added, ratio)}"
    )


def verdict(contender: Contender, added: float, ratio: float) -> str:
    """Return the target of a contender and whether it was met."""
    if contender.target == "ratio":
        met, asked = ratio <= LARGEST_RATIO, f"ratio <= {LARGEST_RATIO}"
    else:
        met, asked = added <= LARGEST_ADDED, f"added <= {LARGEST_ADDED} ms"
    return f"{'met' if met else 'MISSED'} ({asked})"


def main(arguments: Sequence[str]) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", default=[""], help="only contenders with one of these in their name"
    )
    parser.add_argument("--trials", type=int, help="trials per search, for all contenders")
    parser.add_argument("--rounds", type=int, help="pairs of searches, for all contenders")
    given = parser.parse_args(arguments)
    for name in given.names:
        if not any(name in contender.name for contender in CONTENDERS):
            parser.error(f"no contender has {name!r} in its name")
    chosen = [c for c in CONTENDERS if any(name in c.name for name in given.names)]
    print("CPU milliseconds per trial, medians over the rounds; wall is the ratio of wall clock.")
    print("Methods that need about a second a proposal get fewer trials and rounds.\n")
    print(HEADER)
    for contender in chosen:
        if importlib.util.find_spec(contender.needs) is None:
            print(f"{contender.name:16} left out: {contender.needs} is not installed")
            continue
        trials = given.trials or contender.trials
        rounds = measure(contender, trials, given.rounds or contender.rounds)
        print(row(contender, rounds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
