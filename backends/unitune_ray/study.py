"""Ray Tune as a service: a `Tuner` proposes, evaluates and ends by itself."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import ray
from ray import tune
from ray.tune.logger import JsonLoggerCallback
from ray.tune.search import Searcher

from unitune.backend import Problem, Service, Sink
from unitune.errors import BackendError, OptionError, UnituneError
from unitune.objective import Evaluator
from unitune.plugins import discover_schedulers
from unitune.translation import Translation
from unitune_ray.cluster import TUNE, check_address, connected, undisturbed
from unitune_ray.domains import natives_of
from unitune_ray.listeners import Silence, WatchCallback, WatchStopper
from unitune_ray.native import concurrency, kind_of, open_scheduler
from unitune_ray.resources import describe, fitting, read_request
from unitune_ray.searcher import open_search
from unitune_ray.trainable import VALUE, Payload, trainable
from unitune_ray.watch import StaysHere, Watch


class RayService(Service):
    """One `ray.tune.Tuner`, run once.

    Options of its own, beside those of the method's searcher: `address` of a cluster to join
    ('auto', 'host:port'), `resources` for each trial, as in {"cpu": 2, "gpu": 1}, and
    `storage_path`, a directory that all nodes share, without which trials that pause stay on one
    node.
    """

    def __init__(self, problem: Problem) -> None:
        options = dict(problem.options)
        self._address = options.pop("address", None)
        self._resources = options.pop("resources", None)
        self._shared = _directory(options.pop("storage_path", None))
        check_address(self._address)
        if self._resources is not None and not isinstance(self._resources, Mapping):
            raise OptionError(
                f"The option resources={self._resources!r}: give a dict, as in {{'cpu': 2}}."
            )
        self._problem = problem
        kind = kind_of(problem)
        self._crowd = kind is not None and kind.crowd
        self._hands_on = kind is not None and kind.hands_on
        self._paced = problem.steered or (kind is not None and kind.paced)
        slots = problem.workers if self._paced else None
        self._watch = Watch(problem.most, slots=slots, crowd=self._crowd)
        self._search = open_search(problem, self._watch, options)
        self._scheduler = open_scheduler(problem, self._watch)
        self._logger = Logger()
        self._results: Any = None

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return natives_of(translation)

    @classmethod
    def open(cls, problem: Problem) -> Self:
        return cls(problem)

    def run(self, evaluate: Evaluator, sink: Sink) -> None:
        problem, self._watch.sink = self._problem, sink
        self._watch.best = evaluate.best
        if self._hands_on and not evaluate.wants_trial:
            raise _no_handle(problem)
        with (
            undisturbed({**TUNE, **self._pending}),
            self._watch.apart(),
            tempfile.TemporaryDirectory(
                prefix="ut-", dir=self._shared, ignore_cleanup_errors=True
            ) as storage,
            connected(problem.workers, self._address),
            _interruptible(self._watch),
        ):
            if self._crowd:
                self._check_room()
            payload = Payload(evaluate, problem.translation, problem.seed, problem.most)
            try:
                self._results = self._tuner(payload, storage).fit()
            except UnituneError:
                raise
            except Exception as error:
                raise BackendError(
                    f"Ray Tune failed with {type(error).__name__}: {error}"
                ) from error
            finally:
                self._logger.close()
            self._watch.settle()
        if self._watch.error is not None:
            raise self._watch.error

    @property
    def _pending(self) -> dict[str, str]:
        # Where Tune does not count the trials itself, it begins one after the other.
        pending = str(self._problem.workers)
        return {"TUNE_MAX_PENDING_TRIALS_PG": pending} if self._paced else {}

    def _check_room(self) -> None:
        """Refuse a Ray that would run more trials at once than there are to be."""
        request, workers = read_request(self._resources), self._problem.workers
        room = fitting(request, ray.nodes())  # type: ignore[no-untyped-call]
        if room > workers:
            name = self._problem.scheduler.name if self._problem.scheduler else ""
            ours = f", or use scheduler='unitune:{name}'" if name in discover_schedulers() else ""
            raise OptionError(
                f"Scheduler {name!r} of Ray has all trials waiting at once, and Ray begins as many "
                f"of them as it has room for: {room} with {describe(request)} each, not "
                f"workers={workers}. Give workers={room}, ask for more through "
                f"options={{'resources': …}}{ours}."
            )

    def _tuner(self, payload: Payload, storage: str) -> tune.Tuner:
        search, param_space, samples = self._search
        kind: Any = trainable(payload)
        if self._resources is not None:
            kind = tune.with_resources(kind, dict(self._resources))
        return tune.Tuner(
            kind,
            param_space=param_space,
            tune_config=tune.TuneConfig(
                metric=VALUE,
                mode=self._problem.mode,
                num_samples=samples,
                search_alg=search,
                scheduler=self._scheduler,
                max_concurrent_trials=(concurrency(self._problem) or None)
                if isinstance(search, Searcher)
                else None,
                reuse_actors=True,
                trial_name_creator=self._watch.name,
                trial_dirname_creator=str,
            ),
            run_config=tune.RunConfig(
                name="unitune",
                storage_path=storage,
                verbose=0,
                stop=WatchStopper(self._watch),
                callbacks=[WatchCallback(self._watch), self._logger, Silence()],
                checkpoint_config=tune.CheckpointConfig(
                    checkpoint_at_end=False,
                    # Those who take one over may do so long after it was made.
                    num_to_keep=None if self._hands_on else 1,
                ),
            ),
        )

    @property
    def native(self) -> Any:
        return self._results


def _directory(given: Any) -> str | None:
    if given is not None and not (isinstance(given, str | Path) and Path(given).is_dir()):
        raise OptionError(f"The option storage_path={given!r}: give an existing directory.")
    return None if given is None else str(Path(given).absolute())


def _no_handle(problem: Problem) -> OptionError:
    name = problem.scheduler.name if problem.scheduler else ""
    return OptionError(
        f"Scheduler {name!r} gives one trial the state of another, and the objective has none to "
        f"give: let it take the trial too, def objective(config, trial), call "
        f"trial.checkpoint.load() at its start and trial.checkpoint.save(…) before each report."
    )


class Logger(StaysHere, JsonLoggerCallback):
    """Ray's own logger, which leaves the files of trials open that never come to an end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the files that are open still."""
        while self._trial_files:
            self._trial_files.popitem()[1].close()


@contextlib.contextmanager
def _interruptible(watch: Watch) -> Iterator[None]:
    """Let Ctrl-C bring the run down in good order; a second one does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where no signals arrive
        return
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(*_: Any) -> None:
        signal.signal(signal.SIGINT, before)
        watch.interrupt(KeyboardInterrupt())

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
