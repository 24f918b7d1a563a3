"""Carries frames between two interfaces, each so many milliseconds late. The kernel's own means for
this, sch_netem, is a module that few kernels of test machines have.

Words: an interface, the other, milliseconds, a process without which there is nothing to do."""

import heapq
import os
import select
import socket
import sys
import time

SOL_PACKET, VNET_HEADER, OUTGOING = 263, 15, 4
names, late, holder = sys.argv[1:3], float(sys.argv[3]) / 1000, sys.argv[4]
ends = []
for name in names:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # With the header that says which checksums are still to be made: frames between namespaces have
    # none, and without it would be taken for damaged.
    end.setsockopt(SOL_PACKET, VNET_HEADER, 1)
    end.bind((name, 3))
    ends.append(end)
waiting, count = [], 0
while os.path.exists("/proc/" + holder):
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, to, frame = heapq.heappop(waiting)
        try:
            to.send(frame)
        except OSError:
            pass  # the cable is out, or the frame too long: lost, as on any wire
    pause = min(waiting[0][0] - now, 1) if waiting else 1
    for end in select.select(ends, [], [], pause)[0]:
        try:
            frame, (_, _, kind, _, _) = end.recvfrom(1 << 17)
        except OSError:
            sys.exit(0)  # the node is off, and its port with it
        if kind != OUTGOING:
            count += 1
            to = ends[1] if end is ends[0] else ends[0]
            heapq.heappush(waiting, (time.monotonic() + late, count, to, frame))
