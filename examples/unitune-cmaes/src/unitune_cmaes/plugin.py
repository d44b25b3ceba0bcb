"""What the backend says of itself; nothing here imports cmaes."""

from unitune.capabilities import BackendSpec, Method
from unitune.hookspecs import hookimpl

unitune_contract = 1


@hookimpl
def unitune_backends():
    """Yield the backend."""
    takes = frozenset({"float/linear"})
    methods = (Method("cmaes", takes, about="covariance matrix adaptation"),)
    library = {"distribution": "cmaes", "module": "cmaes", "requires": ">=0.12"}
    target = "unitune_cmaes.study:CmaesStudy"
    return [BackendSpec("cmaes", target, methods=methods, flagship="cmaes", **library)]
