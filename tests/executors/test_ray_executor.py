"""Ray actors as workers: what reaches them, what comes back, and what becomes of them."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import logging
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import warnings
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

import unitune
from unitune.errors import BackendError, ObjectiveError, OptionError, UnituneWarning
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import State, Verdict
from unitune_ray import cluster
from unitune_ray import executor as ray_executor
from unitune_ray.executor import RayExecutor
from unitune_ray.resources import fitting, read_request

LONG = 120.0  # seconds; nothing here takes that long, not even on a busy machine
STORE = 150 * 2**20


def go_on(number, step, value):
    return Verdict.CONTINUE


def evaluate(executor, configs):
    """Evaluate all configs as a driver does, and return what came of each, in their order."""
    finished = {}
    for n, config in enumerate(configs):
        executor.submit(Job(n, config, seed=n))
    while executor.busy:
        done = executor.next()
        assert done.job.number not in finished
        finished[done.job.number] = done
    return [finished[number] for number in sorted(finished)]


def outcomes(executor, configs):
    return [finished.outcome for finished in evaluate(executor, configs)]


def numbers(count):
    return [{"x": x} for x in range(count)]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition):
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def process_state():
    return (
        {name: v for name, v in os.environ.items() if name.startswith(("RAY_", "TUNE_"))},
        [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        logging.getLogger("ray").level,
        random.getstate(),
        Path.cwd(),
    )


def any_loss(config):
    return config["x"]


def twice(config):
    return 2 * config["x"]


# --- a Ray of its own; these come first, before the one that the other tests share


@pytest.fixture
def empty(monkeypatch):
    """A short directory for temporary files, which is not there for pytest's own."""
    with tempfile.TemporaryDirectory(prefix="rt-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield Path(place)
        monkeypatch.undo()


@pytest.mark.ray
def test_a_ray_of_its_own_leaves_nothing_behind(tmp_path, empty, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = process_state()
    executor = RayExecutor(Evaluator(lambda config: os.getpid()), go_on, workers=2)
    pids = {int(outcome.value) for outcome in outcomes(executor, numbers(40))}
    with pytest.raises(BackendError, match="Another run of this process"):
        RayExecutor(Evaluator(any_loss), go_on, workers=1)
    executor.submit(Job(0, {"x": 0}, seed=0))
    executor.close()
    executor.close()
    assert os.getpid() not in pids
    assert not executor.busy
    assert not ray.is_initialized()
    wait_until(lambda: not any(map(alive, pids)))
    assert process_state() == before
    assert list(empty.iterdir()) == list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.ray
def test_what_a_ray_of_its_own_cannot_grant_is_refused_and_it_is_shut_down():
    with pytest.raises(OptionError, match="1 CPU and 2 unicorn, and no node"):
        RayExecutor(Evaluator(any_loss), go_on, workers=1, resources={"unicorn": 2})
    assert not ray.is_initialized()


@pytest.mark.ray
def test_ctrl_c_in_the_terminal_ends_everything(tmp_path):
    code = """
        import os, signal, sys, threading, time
        from unitune.job import Job
        from unitune.objective import Evaluator
        from unitune.trial import Verdict
        from unitune_ray.executor import RayExecutor

        def objective(config, trial):
            trial.report(os.getpid())
            time.sleep(600)

        def heard(number, step, value):
            print(int(value), flush=True)
            threading.Timer(0.5, os.killpg, (0, signal.SIGINT)).start()
            return Verdict.CONTINUE

        executor = RayExecutor(Evaluator(objective), heard, workers=1)
        executor.submit(Job(0, {"x": 0}, seed=0))
        try:
            executor.next()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        executor.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    pid, word = done.stdout.split()
    assert word == "interrupted"
    wait_until(lambda: not alive(int(pid)))


# --- clusters


@contextlib.contextmanager
def without_tokens():
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster._read_token_again()
        yield
    cluster._read_token_again()


@pytest.mark.ray
def test_a_node_of_three_that_dies_costs_its_trial_only(tmp_path, monkeypatch):
    configs = numbers(24)

    def objective(config, trial):
        (tmp_path / str(trial.number)).write_text(ray.get_runtime_context().get_node_id())
        yield config["x"]
        if (tmp_path / f"{trial.number}-killed").exists():
            time.sleep(LONG)  # an actor may outlive its node by a second and more
        time.sleep(0.5)
        yield config["x"] + 0.5

    with without_tokens(), tempfile.TemporaryDirectory(prefix="rc-") as place:
        monkeypatch.setenv("RAY_TMPDIR", place)
        (Path(place) / "ray").mkdir()
        nodes = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 1,
                "include_dashboard": False,
                "object_store_memory": STORE,
            },
        )
        try:
            victims = [nodes.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(2)]
            nodes.wait_for_nodes()
            kill = KillOnce(nodes, victims[0], tmp_path)
            executor = RayExecutor(Evaluator(objective), kill, workers=3, address=nodes.address)
            with contextlib.closing(executor):
                done = _evaluated(executor, configs)
        finally:
            nodes.shutdown()
    assert not ray.is_initialized()
    failed = {n: o for n, o in enumerate(done) if o.state is State.FAILED}
    assert {n: o.failure.kind for n, o in failed.items()} == {kill.killed: "WorkerDied"}
    assert [r.value for r in failed[kill.killed].reports] == [float(kill.killed)]
    good = [(n, o) for n, o in enumerate(done) if o.state is State.COMPLETE]
    assert len(good) == len(configs) - 1
    assert all(o.value == n + 0.5 for n, o in good)
    assert all(len(o.reports) == 2 for _, o in good)


class KillOnce:
    """Kills a node in the middle of a trial there: once the second one on it has reported."""

    def __init__(self, nodes, victim, notes):
        self._nodes, self._victim, self._notes = nodes, victim, notes
        self.seen = set()
        self.killed = None

    def __call__(self, number, step, value):
        where = (self._notes / str(number)).read_text()
        if self.killed is None and where == self._victim.node_id:
            self.seen.add(number)
            if len(self.seen) == 2:
                self.killed = number
                (self._notes / f"{number}-killed").touch()
                self._nodes.remove_node(self._victim, allow_graceful=False)
        return Verdict.CONTINUE


def _evaluated(executor, configs):
    finished, submitted = {}, 0
    while len(finished) < len(configs):
        while submitted < len(configs) and submitted - len(finished) < 3:
            executor.submit(Job(submitted, configs[submitted], seed=0))
            submitted += 1
        done = executor.next()
        finished[done.job.number] = done.outcome
    return [finished[number] for number in sorted(finished)]


@pytest.fixture
def head():
    """Start a cluster of one node, as `ray start --head` does, and give its addresses."""
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    client = importlib.util.find_spec("grpc") is not None  # Ray refuses its port without
    with without_tokens(), tempfile.TemporaryDirectory(prefix="rh-") as place:
        command = (
            f"start --head --block --node-ip-address=127.0.0.1 --port={ports[0]} "
            f"{f'--ray-client-server-port={ports[1]}' if client else ''} "
            f"--num-cpus=2 --include-dashboard=false "
            f"--object-store-memory={STORE} --temp-dir={place}"
        )
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "ray"), *command.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # otherwise gRPC crashes one in seven processes that the cluster starts for a client
            env=os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0"},
        )
        try:
            for port in ports if client else ports[:1]:
                wait_until(lambda port=port: _listens(port))
            yield f"127.0.0.1:{ports[0]}", f"ray://127.0.0.1:{ports[1]}", process.pid
        finally:
            process.terminate()
            process.wait()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.ray
def test_a_cluster_is_joined_by_its_address_and_left_running(head):
    address = head[0]
    for _ in range(2):
        executor = RayExecutor(Evaluator(any_loss), go_on, workers=2, address=address)
        with contextlib.closing(executor):
            assert [o.value for o in outcomes(executor, numbers(20))] == list(range(20))
        assert not ray.is_initialized()
    assert alive(head[2])


@pytest.mark.ray
def test_a_ray_client_evaluates_reports_and_survives_deaths(head):
    pytest.importorskip("grpc", reason="a Ray client needs pip install 'ray[client]'")

    def objective(config):
        yield config["x"]
        if config["x"] == 2:
            os._exit(1)
        if config["x"] == 4:
            time.sleep(600)
        yield config["x"] + 0.5

    executor = RayExecutor(
        Evaluator(objective), go_on, workers=2, address=head[1], trial_timeout=20
    )
    with contextlib.closing(executor):
        done = outcomes(executor, numbers(8))
    kinds = [o.failure.kind if o.failure else o.value for o in done]
    assert kinds == [0.5, 1.5, "WorkerDied", 3.5, "TrialTimeout", 5.5, 6.5, 7.5]
    assert not ray.is_initialized()


@pytest.mark.ray
def test_a_ray_client_of_the_user_is_used_by_its_address(head):
    pytest.importorskip("grpc", reason="a Ray client needs pip install 'ray[client]'")
    ray.init(head[1], logging_level=logging.CRITICAL)
    try:
        executor = RayExecutor(Evaluator(any_loss), go_on, workers=1, address=head[1])
        with contextlib.closing(executor):
            assert [o.value for o in outcomes(executor, numbers(3))] == [0, 1, 2]
        with pytest.raises(OptionError, match=re.escape(f"the Ray at '{head[1]}' already")):
            RayExecutor(Evaluator(any_loss), go_on, workers=1, address="ray://127.0.0.1:1")
    finally:
        ray.shutdown()


class Connection:
    """Stands in for `ray.init`: fails a number of times, with an error of Ray's."""

    def __init__(self, failures, error):
        self.failures, self.error = failures, error
        self.tries = 0

    def __call__(self, **_):
        self.tries += 1
        if self.tries <= self.failures:
            raise self.error


CRASHED = ConnectionAbortedError(
    "Initialization failure from server:\nRuntimeError: Starting Ray client server failed. See …"
)


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_a_clients_process_that_crashes_as_it_starts_is_asked_for_again(failures, monkeypatch):
    connection = Connection(failures, CRASHED)
    monkeypatch.setattr(ray, "init", connection)
    with cluster.connected(1, "ray://somewhere"):
        assert connection.tries == failures + 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [(CRASHED, 5), (ConnectionAbortedError("no such runtime_env"), 1), (OSError("no"), 1)],
)
def test_any_other_failure_to_connect_is_an_error_at_once(error, tries, monkeypatch):
    connection = Connection(9, error)
    monkeypatch.setattr(ray, "init", connection)
    complaint = f"cannot reach the Ray at 'ray://somewhere': {error}"
    with pytest.raises(BackendError, match=re.escape(complaint)):  # noqa: SIM117
        with cluster.connected(1, "ray://somewhere"):
            raise AssertionError
    assert connection.tries == tries


@pytest.mark.ray
def test_a_cluster_that_is_not_there_is_an_error_with_its_address():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            complaint = re.escape(f"cannot reach the Ray at '{given}'")
            with pytest.raises(BackendError, match=complaint):
                RayExecutor(Evaluator(any_loss), go_on, workers=1, address=given)
    assert not ray.is_initialized()


# --- one Ray for the rest


@pytest.fixture(scope="module")
def shared():
    state = random.getstate()
    handler = signal.getsignal(signal.SIGTERM)
    level = logging.getLogger("ray").level
    with without_tokens(), tempfile.TemporaryDirectory(prefix="rt-") as place:
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=STORE,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=place,
        )
        yield
        ray.shutdown()
    random.setstate(state)
    signal.signal(signal.SIGTERM, handler)
    logging.getLogger("ray").setLevel(level)


@pytest.fixture
def start(shared):
    with contextlib.ExitStack() as stack:

        def start(objective, on_report=go_on, *, workers=2, **settings):
            executor = RayExecutor(Evaluator(objective), on_report, workers=workers, **settings)
            stack.callback(executor.close)
            return executor

        yield start


@pytest.mark.ray
def test_two_runs_share_a_ray_that_was_there_before(start):
    one, two = start(any_loss, workers=1), start(twice, workers=1)
    assert [outcome.value for outcome in outcomes(two, numbers(3))] == [0, 2, 4]
    two.close()
    assert [outcome.value for outcome in outcomes(one, numbers(3))] == [0, 1, 2]


@pytest.mark.ray
def test_an_address_must_be_that_of_the_ray_that_was_there_before(start):
    here = ray.get_runtime_context().gcs_address
    port = here.rpartition(":")[2]
    for given in (here, f"localhost:{port}", "auto", None):
        start(any_loss, workers=1, address=given).close()
    for given in ("nonsense", "ray://nohost.invalid:10001", "127.0.0.1:1", f"ray://{here}"):
        complaint = f"address='{given}': this process is connected to the Ray at '{here}'"
        with pytest.raises(OptionError, match=re.escape(complaint)):
            start(any_loss, workers=1, address=given)
    assert ray.is_initialized()


@pytest.mark.ray
def test_every_job_comes_back_with_its_own_value_and_a_running_ray_is_left_running(start):
    offset = 7
    executor = start(lambda config: config["x"] + offset)
    done = evaluate(executor, numbers(100))
    assert [f.outcome.value for f in done] == [x + 7.0 for x in range(100)]
    assert [f.job for f in done] == [Job(x, {"x": x}, seed=x) for x in range(100)]
    with pytest.raises(LookupError):
        executor.next()
    executor.close()
    assert ray.is_initialized()


@pytest.mark.ray
def test_functions_of_modules_that_workers_cannot_find_arrive(start):
    assert [o.value for o in outcomes(start(twice), numbers(3))] == [0.0, 2.0, 4.0]


@pytest.mark.ray
def test_trials_run_side_by_side_in_two_processes(start):
    def objective(config):
        time.sleep(0.05)
        return os.getpid()

    assert len({o.value for o in outcomes(start(objective), numbers(20))}) == 2


@pytest.mark.ray
def test_reports_stream_up_and_the_stop_comes_down(start):
    heard = []

    def stop(number, step, value):
        heard.append((number, step, value))
        return Verdict.STOP if number == 1 and step == 2 else Verdict.CONTINUE

    def objective(config):
        for epoch in range(4):
            yield config["x"] * 10 + epoch

    done = outcomes(start(objective, stop, workers=1), numbers(3))
    assert [o.state for o in done] == [State.COMPLETE, State.PRUNED, State.COMPLETE]
    assert [len(o.reports) for o in done] == [4, 2, 4]
    assert [o.value for o in done] == [3.0, 11.0, 23.0]
    assert heard == [
        *[(0, step, float(step - 1)) for step in (1, 2, 3, 4)],
        *[(1, step, 9.0 + step) for step in (1, 2)],
        *[(2, step, 19.0 + step) for step in (1, 2, 3, 4)],
    ]


@pytest.mark.ray
def test_a_report_is_heard_while_its_trial_runs(start, tmp_path):
    def answer(number, step, value):
        (tmp_path / "heard").touch()
        return Verdict.CONTINUE

    def objective(config, trial):
        trial.report(1.0)
        return float((tmp_path / "heard").exists())

    assert outcomes(start(objective, answer), numbers(1))[0].value == 1.0


@pytest.mark.ray
def test_failures_come_back_as_on_any_executor_and_the_actor_lives_on(start):
    def objective(config):
        match config["x"]:
            case 0:
                raise ValueError("no such luck")
            case 1:
                sys.exit(3)
            case 2:
                raise KeyboardInterrupt
            case 3:
                return float("nan")
        return os.getpid()

    executor = start(objective, workers=1)
    before, *failed, after = outcomes(executor, [{"x": 9}, *numbers(4), {"x": 9}])
    kinds = [o.failure.kind for o in failed]
    assert kinds == ["ValueError", "SystemExit", "KeyboardInterrupt", "ValueError"]
    assert "no such luck" in failed[0].failure.traceback
    assert before.value == after.value


@pytest.mark.ray
def test_values_that_cannot_be_sent_fail_their_trial_with_a_sentence(start):
    class Box:
        def __init__(self, broken):
            self.broken = broken

        def __reduce__(self):
            if self.broken:
                raise TypeError("a box stays where it is")
            return (Box, (False,))

    def objective(config):
        box = config["box"] if config["box"] is not None else Box(broken=True)
        return box if box == "number" else {"loss": 1.0, "box": box}

    executor = RayExecutor(Evaluator(objective, "loss"), go_on, workers=1)
    with contextlib.closing(executor):
        up, down, good = outcomes(
            executor, [{"box": None}, {"box": Box(broken=True)}, {"box": Box(broken=False)}]
        )
    assert up.failure.kind == down.failure.kind == "PicklingError"
    assert "cannot be sent from the Ray actor" in up.failure.message
    assert "a box stays where it is" in up.failure.message
    assert "the config cannot be sent" in down.failure.message
    assert good.value == 1.0


@pytest.mark.ray
@pytest.mark.parametrize("how", ["exit", "kill", "segfault"])
def test_an_actor_that_dies_fails_its_trial_only_and_is_replaced(start, how):
    def objective(config):
        yield os.getpid()
        if config["x"] == 2:
            if how == "exit":
                os._exit(3)
            elif how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            ctypes.string_at(0)
        yield os.getpid()

    done = outcomes(start(objective, workers=1), numbers(6))
    assert [o.state.value for o in done] == [*["complete"] * 2, "failed", *["complete"] * 3]
    assert done[2].failure.kind == "WorkerDied"
    assert [report.value for report in done[2].reports] == [done[1].value]
    assert done[3].value != done[1].value


@pytest.mark.ray
def test_a_time_limit_kills_what_hangs_and_counts_no_start(start):
    def objective(config):
        yield 1.0
        if config["x"] == 1:
            ctypes.PyDLL(None).sleep(600)  # holds the interpreter lock
        yield 2.0

    done = evaluate(start(objective, workers=1, trial_timeout=1.0), numbers(3))
    assert [f.outcome.state.value for f in done] == ["complete", "failed", "complete"]
    assert done[1].outcome.failure.kind == "TrialTimeout"
    assert "1 seconds" in done[1].outcome.failure.message
    assert [report.value for report in done[1].outcome.reports] == [1.0]
    assert done[1].seconds >= 1.0


@pytest.mark.ray
def test_a_time_limit_does_not_count_how_long_a_report_waits_for_its_answer(start):
    def answer(number, step, value):
        time.sleep(1.5)
        return Verdict.CONTINUE

    def objective(config):
        yield 1.0
        yield 2.0

    executor = start(objective, answer, workers=1, trial_timeout=1.0)
    executor.submit(Job(0, {"x": 0}, seed=0))
    time.sleep(2.0)
    assert executor.next().outcome.state is State.COMPLETE


@pytest.mark.ray
def test_an_actor_that_dies_while_it_is_idle_costs_no_trial(start):
    executor = start(lambda config: os.getpid(), workers=1)
    pid = int(outcomes(executor, numbers(1))[0].value)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid))
    time.sleep(ray_executor._LONG_IDLE + 0.1)
    after = outcomes(executor, numbers(1))[0]
    assert after.state is State.COMPLETE
    assert after.value != pid


@pytest.mark.ray
def test_an_objective_that_cannot_be_sent_or_loaded_is_refused(start):
    lock = threading.Lock()

    class Unloadable:
        def __reduce__(self):
            return (os.stat, ("/no/such/file",))

        def __call__(self, config):
            return 1.0

    with pytest.raises(OptionError, match="cannot be sent to Ray's workers"):
        start(lambda config: lock.locked())
    executor = start(Unloadable())
    executor.submit(Job(0, {}, seed=0))
    with pytest.raises(ObjectiveError, match="FileNotFoundError"):
        executor.next()


@pytest.mark.ray
def test_what_no_node_can_grant_is_refused_and_too_many_workers_are_told(start):
    with pytest.raises(OptionError, match="needs 3 CPU, and no node"):
        start(any_loss, resources={"cpu": 3})
    with pytest.warns(UnituneWarning, match="room for 1 trials at once that need 2 CPU"):
        executor = start(any_loss, resources={"cpu": 2})
    assert [o.value for o in outcomes(executor, numbers(5))] == [0, 1, 2, 3, 4]
    executor.close()
    halves = start(any_loss, workers=4, resources={"cpu": 0.5})
    assert len(outcomes(halves, numbers(8))) == 8


@pytest.mark.ray
def test_the_run_ends_when_the_room_is_gone_for_good(start, monkeypatch):
    executor = start(lambda config: os._exit(1), workers=1)
    executor.submit(Job(0, {"x": 0}, seed=0))
    assert executor.next().outcome.failure.kind == "WorkerDied"
    executor.submit(Job(1, {"x": 0}, seed=0))
    monkeypatch.setattr(ray_executor, "room_for", lambda request: 0)
    monkeypatch.setattr(ray_executor, "_PATIENCE", 0.0)
    for worker in executor._crew.workers:
        worker.up = False
    executor._had_room = time.monotonic() - 10
    with pytest.raises(BackendError, match="no living node"):
        executor._look_round()


# --- what needs no Ray running


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"workers": 0}, "workers=0"),
        ({"trial_timeout": 0}, "trial_timeout=0"),
        ({"address": 7}, "address=7"),
        ({"resources": 2}, "resources=2: give a dict"),
        ({"resources": {"cpu": -1}}, "'cpu': -1"),
        ({"resources": {"gpu": 1.5}}, "fractions below 1"),
        ({"resources": {"gpu": "one"}}, "'gpu': 'one'"),
        ({"resources": {1: 1}}, "the name 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_ray_starts(
    settings, complaint, monkeypatch
):
    monkeypatch.delattr(ray, "init")
    with pytest.raises(OptionError, match=complaint):
        RayExecutor(Evaluator(any_loss), go_on, **{"workers": 1, **settings})


def test_what_fits_is_counted_node_by_node():
    def node(**resources):
        return {"Alive": True, "Resources": resources}

    nodes = [node(CPU=4.0, GPU=1.0), node(CPU=3.0), {"Alive": False, "Resources": {"CPU": 99.0}}]
    assert fitting(read_request(None), nodes) == 7
    assert fitting(read_request({"cpu": 2}), nodes) == 3
    assert fitting(read_request({"CPU": 1, "gpu": 0.1}), nodes) == 4
    assert fitting(read_request({"cpu": 0, "gpu": 0.1}), nodes) == 10
    assert fitting(read_request({"cpu": 5}), nodes) == 0
    assert fitting(read_request({"cpu": 1, "tpu": 1}), nodes) == 0


@pytest.mark.ray
@pytest.mark.parametrize(
    ("backend", "method"),
    [("builtin", "random"), ("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "forest")],
)
def test_every_backend_runs_on_actors(shared, tmp_path, backend, method):
    space = unitune.Space({"x": unitune.Float(0.0, 1.0), "n": unitune.Int(1, 100)})

    def objective(config, trial):
        if trial.number == 4:
            raise ValueError("its own fault")
        return config["x"] + config["n"]

    given = {"backend": backend, "method": method, "workers": 2, "executor": "ray", "seed": 1}
    kept = {"storage": tmp_path / "journal.db", "study": "mine", "resume": True}
    first = unitune.run(space, objective, n_trials=12, **given, **kept)
    assert [t.number for t in first.trials if t.failure] == [4]
    resumed = unitune.run(space, objective, n_trials=16, **given, **kept)
    assert (len(resumed.trials), resumed.resumed) == (16, "exact")
    assert [t.config for t in resumed.trials[:12]] == [t.config for t in first.trials]


def test_what_the_executor_cannot_do_is_refused_with_a_sentence():
    space = unitune.Space({"x": unitune.Float(0.0, 1.0)})
    for settings, words in (
        ({"trial_memory": 10**9}, "resources"),
        ({"executor_options": {"cores": 2}}, "no option 'cores'"),
    ):
        with pytest.raises(OptionError, match=words):
            unitune.run(
                space,
                lambda config: 0.0,
                backend="builtin",
                method="random",
                executor="ray",
                **settings,
            )
