"""A Ray on this machine that several tests share."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import warnings

import pytest
import ray

from unitune_ray import cluster


@contextlib.contextmanager
def local_ray():
    """Start a Ray that leaves nothing behind, and shut it down."""
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory(prefix="rt-") as place,
        pytest.MonkeyPatch.context() as patch,
    ):
        warnings.simplefilter("ignore")
        patch.setenv("HOME", place)  # where Ray writes a token by itself
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=200 * 2**20,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=place,
        )
        try:
            yield
        finally:
            ray.shutdown()
    # Ray leaves its security mode in the environment.
    os.environ.pop("RAY_AUTH_MODE", None)
    cluster._read_token_again()
