"""Two network namespaces with a bad network in between: 10.77.0.1 and 10.77.0.2.

It prints a process id in each, then obeys lines of standard input: `LOSS DELAY JITTER`, a fraction and two times in milliseconds for each
direction. A loss of 1 is a cut. Jitter reorders packets. Linux only, as root; tc's netem would need a kernel module.
"""
import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000

libc = ctypes.CDLL(None, use_errno=True)
chance = random.Random(int(sys.argv[1]))


def namespace(address):
    """Moves to a new namespace, and returns the tunnel that leads out of it."""
    if libc.unshare(CLONE_NEWNET) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH", b"bad0", IFF_TUN | IFF_NO_PI))
    for command in ("ip link set lo up", f"ip addr add {address}/24 dev bad0", "ip link set bad0 mtu 1400 up"):
        subprocess.run(command.split(), check=True)
    return tunnel


one = namespace("10.77.0.1")
holder = subprocess.Popen(["sleep", "infinity"], preexec_fn=lambda: libc.prctl(1, signal.SIGKILL))
two = namespace("10.77.0.2")
print(holder.pid, os.getpid(), flush=True)

loss, delay, jitter = 0.0, 0.0, 0.0
waiting = []
order = itertools.count()
while True:
    timeout = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
    for ready in select.select([one, two, 0], [], [], timeout)[0]:
        if ready == 0:
            line = os.read(0, 1000)
            if not line:
                holder.kill()
                sys.exit()
            loss, delay, jitter = map(float, line.decode().strip().split("\n")[-1].split())
            continue
        packet = os.read(ready, 65536)
        if chance.random() >= loss:
            due = time.monotonic() + (delay + chance.random() * jitter) / 1000
            heapq.heappush(waiting, (due, next(order), two if ready == one else one, packet))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, target, packet = heapq.heappop(waiting)
        try:
            os.write(target, packet)
        except OSError:
            pass
