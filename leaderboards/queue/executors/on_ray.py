"""Workers as tasks of Ray, on the cores of this machine or on a cluster. All they are given is where the database and the files are."""

from typing import Any

from avatarium.leaderboards.queue.executors.local import asked
from avatarium.leaderboards.queue.executors.serving import Tick, Workplace, serve
from avatarium.worlds.core.errors import UserError, need

TICK_S = 0.2


def run(place: Workplace, count: int, tick: Tick, address: str | None = None) -> None:
    """Keep ``count`` worker tasks, on the cluster at ``address`` if that is given, until SIGINT or SIGTERM, or until nothing is left to do.

    A task whose process or node dies is begun again by Ray, elsewhere if need be. Nodes need Avatarium installed. Raises UserError.
    """
    ray = need("ray", extra="train")
    if address and "://" not in place.board:
        raise UserError("a cluster cannot reach a board that is a file: give the URL of a PostgreSQL database with --board")
    _join(ray, address, count)
    task = ray.remote(num_cpus=1, max_retries=-1)(_sit)
    try:
        _watch(ray, task, place, count, tick)
    finally:
        ray.shutdown()


def _watch(ray: Any, task: Any, place: Workplace, count: int, tick: Tick) -> None:
    with asked() as stop:
        running, told = [task.remote(place) for _ in range(count)], 0
        while running:
            if stop.times > told:
                told = stop.times
                for one in running:
                    ray.cancel(one, force=told > 1)
            done, running = ray.wait(running, timeout=TICK_S)
            news = [sentence for one in done if (sentence := _ended(ray, one))]
            if not told:
                running += [task.remote(place) for _ in news]
            tick(news)


def _ended(ray: Any, one: Any) -> str:
    """What ended a task, in a sentence; nothing if it was not an accident."""
    try:
        ray.get(one)
    except ray.exceptions.TaskCancelledError:
        return ""
    except ray.exceptions.RayError as error:
        return f"a worker died ({str(error).strip().splitlines()[-1][:200]})"
    return ""


def _join(ray: Any, address: str | None, count: int) -> None:
    options: dict[str, Any] = {"address": address} if address else {"num_cpus": count, "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"Ray cannot be reached at {address or 'this machine'} ({str(error)[:200]}): see whether it runs") from None


def _sit(place: Workplace) -> None:
    serve(place, obey=False)
