"""Joining a Ray cluster that somebody else has started."""

import logging
import socket
import tempfile
from pathlib import Path

import ray
from ray._private.services import canonicalize_bootstrap_address
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from avatarium.training.cluster import cpus, gpus, shipping
from avatarium.training.cluster.machines import Machines
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import UserError

CLIENT = "ray://"
PATIENCE_S = 5.0
"""How long the head of a cluster may take to answer; Ray itself would ask for minutes and then end the process."""
START_S = 300.0
"""How long the nodes may take to get the code and to start a process."""


def join(plan: Plan, where: Machines) -> None:
    """Connect to the cluster, with what its nodes need for the plan; whoever does calls ``ray.shutdown``, which leaves the cluster running.

    Raises UserError when there is no such cluster, when it lacks CPUs or GPUs, or when its nodes cannot run Avatarium.
    """
    address = _found(where.address)
    with tempfile.TemporaryDirectory(prefix="avatarium-") as folder:
        env = {} if where.installed else shipping.runtime_env(plan, Path(folder))
        try:
            ray.init(address=address, runtime_env=env, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError, SystemExit, ray.exceptions.RayError) as fault:
            raise UserError(f"the Ray cluster at {address} cannot be joined: {_reason(fault)}") from None
        try:
            cpus.check_ray(plan)
            gpus.check(plan, where)
            _check_nodes()
        except BaseException:
            ray.shutdown()
            raise


def _found(address: str) -> str:
    """The address, where ``auto`` stands for that of the cluster this machine belongs to; UserError when nothing answers there."""
    host_and_port: str | None = address.removeprefix(CLIENT)
    if host_and_port == address:
        try:
            host_and_port = canonicalize_bootstrap_address(address)
        except ValueError:
            host_and_port = None
    if address == "auto" and host_and_port is None:
        raise UserError("this machine belongs to no Ray cluster: start one with ray start --head, or give its address instead of auto")
    host, _, port = (host_and_port or "").rpartition(":")
    if not (host and port.isdigit()):
        raise UserError(f"{address!r} is no address of a Ray cluster: give auto, host:port or ray://host:port")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()
    except (OSError, OverflowError) as fault:
        raise UserError(f"no Ray cluster answers at {host_and_port} ({_reason(fault)}): is it running, and is the port open?") from None
    return address if address.startswith(CLIENT) else f"{host}:{port}"


def _check_nodes() -> None:
    """Have every node that runners or learners may come to import what they are made of; raises UserError when one cannot."""
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    asked = {
        node["NodeManagerAddress"]: _ready.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote()
        for node in nodes
    }
    for name, answer in asked.items():
        try:
            ray.get(answer, timeout=START_S)
        except ray.exceptions.RayError as fault:
            raise UserError(
                f"node {name} of the cluster cannot run Avatarium: {_reason(fault)} "
                "(what it needs there: pip install 'avatarium[train]', in the versions that are used here)"
            ) from None


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]
def _ready() -> str:
    """Runs on a node: whether a runner could."""
    from avatarium.training.play import env_runner

    return env_runner.__name__


def _reason(fault: BaseException) -> str:
    """What a fault says, in a line: Ray's go on for pages, and end with their cause."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    causes = [line for line in lines if "Error: " in line]
    return (causes or lines or [type(fault).__name__])[-1 if causes else 0].rstrip(".")
