"""A Ray to run on: one of our own on this machine, the one already here, or a cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ray
from ray import _raylet

from unitune.errors import BackendError, OptionError

# The least that Ray accepts comfortably; configs and outcomes are small, and the objective's own
# data is shared through the same store only once.
OBJECT_STORE = 200 * 2**20

# Ray puts unix sockets 64 characters below its directory, and their paths end at 107.
LONGEST_ROOT = 30

# A cluster starts a process for each Ray client, by a fork out of a process that uses gRPC, whose
# handler of forks crashes some of them as they start (5 of 36 on Ray 2.60 with gRPC 1.85).
TRIES = 5

# Held by the run whose connection this is: a process has one at a time.
_CONNECTING = threading.Lock()

# Read by Tune while it runs, in this process. The first: nobody reads its result files. Then: the
# output engine that can be silent; errors are outcomes and need no second printing; Ctrl-C is
# handled here; the state is written once at the end, since nothing resumes from it; and objectives
# find the files they name, as they do on every other backend.
TUNE: Mapping[str, str] = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "inf",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}


def check_address(address: Any) -> None:
    """Raise OptionError for an address that the loop could not be run from."""
    if address is None or (isinstance(address, str) and not address.startswith("ray://")):
        return
    raise OptionError(
        f"The option address={address!r}: a Ray client runs Tune's loop on the far side, where "
        f"neither the record nor the callbacks of this run are. Start the run on a node of the "
        f"cluster, with address='auto' or 'host:port'; None starts a Ray of its own."
    )


@contextlib.contextmanager
def connected(cpus: int, address: str | None) -> Iterator[None]:
    """Hold a Ray: what was started here is shut down again, what was there is left alone.

    Args:
        cpus: how many a Ray of our own counts, if one is started.
        address: of the cluster to join; None starts a Ray of our own.

    Raises:
        BackendError: no Ray is to be had, or another run of this process holds one.
        OptionError: this process is connected to another cluster than that.
    """
    if not _CONNECTING.locked() and ray.is_initialized():  # by the user, for any number of runs
        _check_joined(address)
        yield
        return
    if not _CONNECTING.acquire(blocking=False):
        raise BackendError(
            "Another run of this process holds a Ray connection of its own, which ends with that "
            "run. Wait for it, or call ray.init() before both: they then share that Ray."
        )
    with contextlib.ExitStack() as stack:
        stack.callback(_CONNECTING.release)
        settings: dict[str, Any] = {"address": address}
        if address is None:
            settings = _local(cpus, stack)
        stack.callback(_shut_down)
        try:
            _knock(address)
            _connect(settings)
        except Exception as error:
            where = "a local Ray" if address is None else f"the Ray at {address!r}"
            raise BackendError(f"unitune cannot reach {where}: {error}") from error
        yield


def _connect(settings: Mapping[str, Any], tries: int = TRIES) -> None:
    try:
        with _random_kept(), warnings.catch_warnings():
            # Ray announces changes to come, and subprocess files that it leaves to the garbage
            # collector.
            warnings.simplefilter("ignore")
            ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **settings)
    except ConnectionAbortedError as error:
        if tries == 1 or "Starting Ray client server failed" not in str(error):
            raise
        _shut_down()
        _connect(settings, tries - 1)


def _check_joined(address: str | None) -> None:
    """Raise OptionError for the address of another cluster than this process is connected to."""
    if address in (None, "auto"):
        return
    from ray.util.client import ray as far  # until it is connected, its attributes raise

    joined: Any = far
    client = joined.get_context().client_worker
    here = f"ray://{client._conn_str}" if client else ray.get_runtime_context().gcs_address
    if _located(address) != _located(here):
        raise OptionError(
            f"address={address!r}: this process is connected to the Ray at {here!r} already, and "
            f"a process has one such connection. Leave address= out to use that Ray, or call "
            f"ray.shutdown() first."
        )


def _located(address: str | None) -> tuple[str, str]:
    """Return an address with its host as the number by which other nodes know it."""
    scheme, _, place = (address or "").rpartition("://")
    host, _, port = place.rpartition(":")
    with contextlib.suppress(OSError, ValueError):  # unknown, or no name that a host could have
        host = socket.gethostbyname(host)
    if host.startswith("127."):
        util: Any = ray.util
        host = util.get_node_ip_address()
    return scheme, f"{host}:{port}"


def _knock(address: str | None) -> None:
    """Raise OSError if nobody listens at an address: Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def _local(cpus: int, stack: contextlib.ExitStack) -> dict[str, Any]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    stack.enter_context(_own_token())
    return {
        "address": "local",
        "num_cpus": cpus,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE,
        "_temp_dir": str(stack.enter_context(_directory())),
    }


@contextlib.contextmanager
def _own_token() -> Iterator[None]:
    """Let nobody but this process speak to our Ray, with a token that is never written down.

    Ray itself would write one to the home directory and announce it. Whoever has set a mode has
    chosen, and is not overruled.
    """
    if "RAY_AUTH_MODE" in os.environ or "RAY_AUTH_TOKEN" in os.environ:
        yield
        return
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    _read_token_again()
    try:
        yield
    finally:
        del os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"]
        _read_token_again()


def _read_token_again() -> None:
    # Ray reads both variables once for the life of a process, unless it is asked to look again;
    # its own start-up does so in this way.
    core: Any = _raylet
    core.Config.initialize("")
    core.AuthenticationTokenLoader.instance().reset_cache()


def _shut_down() -> None:
    with _random_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see above
        ray.shutdown()


@contextlib.contextmanager
def _random_kept() -> Iterator[None]:
    """Keep Python's global random state from Ray, which draws from it when it starts and stops."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    usual = tempfile.gettempdir()
    root = usual if len(usual) <= LONGEST_ROOT or os.name == "nt" else "/tmp"  # noqa: S108
    path = Path(tempfile.mkdtemp(prefix="ut-", dir=root))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def undisturbed(settings: Mapping[str, str] = TUNE) -> Iterator[None]:
    """Set what Ray reads from the process for a while, and undo what it sets itself."""
    environment = _rays_environment()
    logger = logging.getLogger("ray")
    level, main = logger.level, threading.current_thread() is threading.main_thread()
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGUSR1] if os.name != "nt" else [])]
    handlers = {number: signal.getsignal(number) for number in numbers} if main else {}
    os.environ |= settings
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # a handler not set from Python cannot be set again
                signal.signal(number, handler)
        logger.setLevel(level)
        for name in _rays_environment().keys() - environment.keys():
            del os.environ[name]
        os.environ |= environment


def _rays_environment() -> dict[str, str]:
    prefixes = ("RAY_", "TUNE_")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}
