"""
The baseline: `docker exec -it` on a pseudo-terminal, timed in this process. Commands come as lines of JSON, every one is answered by
a line of JSON: `open` starts the program of `argv`; `type` sends `text`; `keys` sends `text` `count` times, one after the other.
Every time is from the start, or from the key, until what was printed since then contains every text of `until`.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

# Nothing that is waited for takes so many seconds.
PATIENCE = 60


def open_terminal(argv, cols, rows):
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        os.execvp(argv[0], argv)
    return terminal


def wait_for(terminal, texts, began):
    wanted = [text.encode() for text in texts]
    seen, length = b"", 0
    while not all(text in seen for text in wanted):
        if not select.select([terminal], [], [], PATIENCE)[0]:
            raise TimeoutError(f"{texts} did not come; the last that came: {seen[-2000:]!r}")
        chunk = os.read(terminal, 1 << 16)
        length += len(chunk)
        seen = seen[-4096:] + chunk
    return {"ms": (time.perf_counter() - began) * 1000, "bytes": length}


terminal = -1
for line in sys.stdin:
    order = json.loads(line)
    answers = []
    for _ in range(order.get("count", 1)):
        began = time.perf_counter()
        if order["do"] == "open":
            terminal = open_terminal(order["argv"], order["cols"], order["rows"])
        else:
            os.write(terminal, order["text"].encode())
        answers.append(wait_for(terminal, order["until"], began))
    print(json.dumps(answers), flush=True)

# Detached by key: the tmux client of a `docker exec` that is killed would stay, and be drawn for ever after.
if terminal >= 0:
    os.write(terminal, b"\x02d")
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass  # how a pseudo-terminal tells its end
