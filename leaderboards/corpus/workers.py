"""A process that somebody has taken over: it speaks the protocol of the sandbox wrongly, and whoever asks it must not come to harm.

Each case is a program that stands in for the locked process. It is not locked, so that it can do what a broken lock would let it do.
"""

from avatarium.leaderboards.corpus import SANDBOX, stopped

POLICY, MACHINE = "PolicyError: ", "InfrastructureError: "
BROKEN = POLICY + ".*broke the protocol"
WIDTH = 5
"""Logits that are due."""
HEAD = f"""
import json, math, os, signal, struct, sys, time
READ, WRITE = map(int, sys.argv[1:3])
READY, MODEL, REFUSED, LOADED, RUN, RESULT, ERROR = range(1, 8)

def frame(kind, content=b"", length=None):
    return struct.pack("<BI", kind, len(content) if length is None else length) + content

def send(*args):
    data = frame(*args)
    while data:
        data = data[os.write(WRITE, data):]

def drip(data, seconds):
    for k in range(len(data)):
        os.write(WRITE, data[k:k + 1])
        time.sleep(seconds)

def take():
    data = b""
    while len(data) < 5 or len(data) < 5 + struct.unpack("<BI", data[:5])[1]:
        got = os.read(READ, 2**20)
        if not got:
            os._exit(0)
        data += got
    return data[5:]

def ready():
    send(READY, json.dumps(dict(process=True)).encode())

def die(number):
    signal.signal(number, signal.SIG_DFL) if number not in (signal.SIGKILL, signal.SIGSTOP) else None
    os.kill(os.getpid(), number)
    time.sleep(60)

def rows():
    return struct.unpack("<I", take()[:4])[0]

def logits(count, number=0.5):
    return struct.pack("<f", number) * ({WIDTH} * count)

def goes_on():
    while True:
        send(RESULT, logits(rows()))

"""
"""What all programs share; it needs no package."""
AND_LOAD = "ready(); take()\n"
AND_ANSWER = AND_LOAD + "send(LOADED, b'{}')\n"


@stopped(
    SANDBOX,
    MACHINE + "the sandbox did not start",
    {
        "silent": "time.sleep(60)",
        "another-kind": "send(RESULT, b'{}')",
        "loaded": "send(LOADED, b'{}')",
        "noise": "os.write(WRITE, os.urandom(5000))",
        "text": "os.write(WRITE, b'HTTP/1.1 200 OK\\r\\n\\r\\n')",
        "no-json": "send(READY, b'yes')",
        "a-list": "send(READY, b'[true]')",
        "deep": "send(READY, b'[' * 9000)",
        "no-booleans": 'send(READY, b\'{"seccomp": "yes"}\')',
        "long": "send(READY, b' ' * 50_000)",
        "announced": "send(READY, b'', 2**32 - 1)",
        "drips": "drip(frame(READY, b'{}'), 0.4)",
        "complaint": ("send(ERROR, b'no \\x1b[2J')", MACHINE + r"the sandbox did not start: no \?\[2J"),
        "twice": "os.write(WRITE, 2 * frame(READY, b'{}'))",
        "leaves": ("sys.exit(0)", MACHINE + "the sandbox was ended from outside"),
        "crash": ("die(signal.SIGSEGV)", MACHINE + "the sandbox was ended from outside"),
    },
)
def before_it_is_locked(body: str) -> str:
    """A process that never gets to the model: whatever it does is no policy's fault."""
    return HEAD + body


@stopped(
    SANDBOX,
    BROKEN,
    {
        "silent": ("time.sleep(60)", POLICY + ".*loading it took longer"),
        "another-kind": "send(RESULT, b'{}')",
        "ready-again": "ready()",
        "unknown-kind": "send(200)",
        "no-json": "send(LOADED, b'yes')",
        "a-list": "send(LOADED, b'[1]')",
        "texts": 'send(LOADED, b\'{"nodes": "many"}\')',
        "not-a-number": "send(LOADED, b'{\"nodes\": NaN}')",
        "huge-number": "send(LOADED, b'{\"nodes\": ' + b'9' * 400 + b'}')",
        "digits": "send(LOADED, b'{\"nodes\": ' + b'9' * 8000 + b'}')",
        "deep": "send(LOADED, b'{\"a\":' * 1900)",
        "long": "send(LOADED, b' ' * 50_000)",
        "announced": "send(LOADED, b'', 2**32 - 1)",
        "drips": ("drip(frame(LOADED, b'{}'), 0.4)", POLICY + ".*loading it took longer"),
        "drips-fast": ("drip(frame(LOADED, b' ' * 9999), 0.001)", POLICY + ".*loading it took longer"),
        "refuses": ("send(REFUSED, b'a [bold]b[/] \\x1b[2J \\xe2\\x80\\xae c')", POLICY + r"a \[bold\]b\[/\] \?\[2J \? c"),
        "refuses-silently": ("send(REFUSED)", POLICY + "no reason"),
        "refuses-at-length": "send(REFUSED, b'x' * 20_000)",
        "refuses-in-bytes": ("send(REFUSED, bytes(range(128, 256)))", POLICY),
        "leaves": ("sys.exit(0)", POLICY + r"it crashed its process \(exit status 0\)"),
        "crash": ("die(signal.SIGSEGV)", POLICY + r"it crashed its process \(SIGSEGV\)"),
        "killed": ("die(signal.SIGKILL)", MACHINE + r"the sandbox was ended from outside \(SIGKILL\)"),
    },
)
def while_it_loads(body: str) -> str:
    """A process that was taken over by the file that it reads."""
    return HEAD + AND_LOAD + body


@stopped(SANDBOX, POLICY + ".*took no input", {"asleep": "time.sleep(60)", "dozing": "while True: os.read(READ, 100); time.sleep(0.01)"})
def does_not_read(body: str) -> str:
    """A process that lets its host wait while it writes."""
    return HEAD + "ready()\n" + body


@stopped(
    SANDBOX,
    BROKEN,
    {
        "silent": ("time.sleep(60)", POLICY + ".*its answer took longer"),
        "stopped": ("rows(); die(signal.SIGSTOP)", POLICY + ".*its answer took longer"),
        "deaf": ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", POLICY + ".*its answer took longer"),
        "busy": ("while True: pass", POLICY + ".*its answer took longer"),
        "another-kind": "send(LOADED, logits(rows()))",
        "refuses": "rows(); send(REFUSED, b'no')",
        "no-content": "rows(); send(RESULT)",
        "one-row-less": "send(RESULT, logits(rows() - 1))",
        "one-row-more": "send(RESULT, logits(rows() + 1))",
        "one-byte-less": "send(RESULT, logits(rows())[:-1])",
        "one-byte-more": "os.write(WRITE, frame(RESULT, logits(rows())) + b'x')",
        "header-alone": ("send(RESULT, b'', len(logits(rows()))); time.sleep(60)", POLICY + ".*its answer took longer"),
        "announced": "rows(); send(RESULT, b'', 2**32 - 1)",
        "endless": "rows()\nwhile True: send(RESULT, bytes(60_000))",
        "nan": ("send(RESULT, logits(rows(), math.nan))", POLICY + ".*not finite"),
        "infinity": ("send(RESULT, logits(rows(), -math.inf))", POLICY + ".*not finite"),
        "drips": ("drip(frame(RESULT, logits(rows())), 0.01)", POLICY + ".*its answer took longer"),
        "before-it-is-asked": "n = rows()\nsend(RESULT, logits(n)); send(RESULT, logits(n)); time.sleep(60)",
        "soon-after": "n = rows()\nsend(RESULT, logits(n)); time.sleep(0.05); send(RESULT, logits(n)); time.sleep(60)",
        "complaint": ("rows(); send(ERROR, b'\\x1b]0;x\\x07')", POLICY + r".*\?\]0;x\?"),
        "complaint-without-words": ("rows(); send(ERROR)", POLICY + ".*no reason"),
        "complaint-announced": "rows(); send(ERROR, b'', 2**31)",
        "leaves": ("rows(); sys.exit(0)", POLICY + r".*it crashed its process \(exit status 0\)"),
        "leaves-as-if-killed": ("rows(); os._exit(3)", POLICY + r".*it crashed its process \(exit status 3\)"),
        "segmentation": ("rows(); die(signal.SIGSEGV)", POLICY + r".*it crashed its process \(SIGSEGV\)"),
        "abort": ("rows(); die(signal.SIGABRT)", POLICY + r".*it crashed its process \(SIGABRT\)"),
        "bus": ("rows(); die(signal.SIGBUS)", POLICY + r".*it crashed its process \(SIGBUS\)"),
        "forbidden-call": ("rows(); die(signal.SIGSYS)", POLICY + ".*a policy may not do"),
        "processor-time": ("rows(); die(signal.SIGXCPU)", POLICY + ".*more processor time"),
        "killed": ("rows(); die(signal.SIGKILL)", MACHINE + r"the sandbox was ended from outside \(SIGKILL\)"),
        "terminated": ("rows(); die(signal.SIGTERM)", MACHINE + r"the sandbox was ended from outside \(SIGTERM\)"),
        "closes": ("os.close(WRITE); os.close(READ); time.sleep(60)", BROKEN + "|" + POLICY + ".*took longer"),
        "forks": ("rows()\nif os.fork(): os._exit(0)\ntime.sleep(60)", POLICY + ".*(exit status 0|took longer)"),
        "forks-and-goes-on": ("for _ in range(20):\n    os.fork() or time.sleep(60)\ngoes_on()", "^$"),
        "floods-stderr": ("os.write(2, bytes(2**24)); os.write(1, bytes(2**24)); goes_on()", "^$"),
    },
)
def while_it_answers(body: str) -> str:
    """A process that was taken over by what it computes."""
    return HEAD + AND_ANSWER + body
