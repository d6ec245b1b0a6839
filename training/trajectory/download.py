"""The public recordings of ETH and UCY: fetched once, checked by SHA-256, kept in the user's cache folder.

They are not part of Avatarium, because nobody says under which licence they are (Pellegrini et al. 2009, Lerner et al. 2007).
"""

import hashlib
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from avatarium.worlds.core.errors import UserError

BASE = "https://raw.githubusercontent.com/abduallahmohamed/Social-STGCNN/333d3a57b4d2705e129b21aefefa09c79b2b9ae1/datasets/raw/all_data"
SUMS = {
    "biwi_eth.txt": "cf8d3fd342a15f409ebc2a1fc76b91a0f06390bd21f1e11410f3859331ab082b",
    "biwi_hotel.txt": "9caa771bb9153d6b809dd0916b6f86761b641e6bbb15e766c1de3133fbbb7fcf",
    "crowds_zara01.txt": "1147a1962a09abfb86f28c6cddcac862e095a0cf129b3016385b69eacdd09d85",
    "crowds_zara02.txt": "8a649d0f8c9ae75c87c4d23a85f892786b0aa30266e996c7be03e69dafff22ff",
    "crowds_zara03.txt": "16b3e899932c4baacd07f45013d5b921f90bc5a29eb2b0fe42f4d7c904ac3108",
    "students001.txt": "a6d87f278d94136fe39b8be91555487a29ac77259ae403b9dba2d5c18caf7b5b",
    "students003.txt": "e25798b660634330aa89f8bb259425de720e84d0873902726c1d1f4ccff21d6c",
    "uni_examples.txt": "61f432c0ab3070ed0ef150fbeabcd7baf839cab5495a46e6105bd747f0a092a7",
}
"""SHA-256 of every file."""
TRIES, PAUSE_S, TIMEOUT_S = 4, 1.0, 30.0
"""How often a file is asked for, how long it is waited before the second time (then twice as long each time), and for an answer."""
PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
"""Refusals that may be none a moment later, besides those of a server in trouble."""


def folder() -> Path:
    """Where the files are kept: in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "avatarium" / "eth_ucy"


def whole(path: Path) -> bool:
    """Whether a file is there and is what it has to be."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SUMS[path.name]


def take(source: Path, into: Path) -> list[Path]:
    """Copy the files from a folder of somebody who has them; returns those copied.

    Raises UserError where one is another file than is meant, or none is there.
    """
    there = [source / name for name in SUMS if (source / name).is_file()]
    if not there:
        raise UserError(f"{source} holds none of {', '.join(SUMS)}: give the folder that does")
    for path in there:
        if not whole(path):
            raise UserError(f"{path} is not the file that is meant (its SHA-256 is another): get it from {BASE}/{path.name}")
    into.mkdir(parents=True, exist_ok=True)
    found = []
    for path in there:
        beside = into / f"{path.name}.part"
        shutil.copyfile(path, beside)
        found.append(beside.replace(into / path.name))
    return found


def fetch(
    into: Path, base: str = BASE, progress: Callable[[int], None] = lambda files: None, sleep: Callable[[float], None] = time.sleep
) -> list[Path]:
    """Fetch what is missing from ``base``, one file after the other; returns all. A file begun before is gone on with.

    Raises UserError where it cannot be reached, or sends another file than is meant.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in SUMS:
        if not whole(into / name):
            _fetch(f"{base}/{name}", into / name, sleep)
        progress(1)
    return [into / name for name in SUMS]


def _fetch(url: str, path: Path, sleep: Callable[[float], None]) -> None:
    """Fetch one file, trying again where that may help."""
    part, offline = path.with_name(f"{path.name}.part"), f"avatarium trajectory download --from FOLDER takes {path.name} from a folder"
    for attempt in range(TRIES):
        try:
            _get(url, part)
            break
        except urllib.error.HTTPError as refusal:
            if refusal.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
            elif refusal.code not in PASSING and refusal.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise UserError(f"{url} answers {refusal.code} ({refusal.reason}): {offline}") from None
            reason = f"answers {refusal.code}"
        except (urllib.error.URLError, TimeoutError, ConnectionError) as failure:
            reason = f"cannot be reached ({getattr(failure, 'reason', failure)})"
        if attempt + 1 == TRIES:
            raise UserError(f"{url} {reason}, tried {TRIES} times: try again when there is a network, or {offline}")
        sleep(PAUSE_S * 2**attempt)
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    if digest != SUMS[path.name]:
        part.unlink()
        raise UserError(f"{url} is another file than is meant (SHA-256 {digest[:16]}…), so it was thrown away: {offline}")
    part.replace(path)


def _get(url: str, part: Path) -> None:
    """Append to ``part`` what is missing of it."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": f"avatarium/{version('avatarium')}"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        goes_on = answer.status == HTTPStatus.PARTIAL_CONTENT
        with part.open("ab" if goes_on else "wb") as file:
            shutil.copyfileobj(answer, file)
