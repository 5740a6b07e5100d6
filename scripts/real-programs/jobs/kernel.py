# Starts a Jupyter kernel and uses it as a notebook does, with Jupyter's own client. Arguments: [--ends] CODE COMMAND...
# {cell} in CODE stands for the number of a cell, which CODE must print; {connection_file} in COMMAND for Jupyter's file.
# With --ends, the kernel must exit by itself after a shutdown.

import json
import sys
import time

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

CELLS = 50

ends = sys.argv[1] == "--ends"
code, *command = sys.argv[2:] if ends else sys.argv[1:]
manager = KernelManager()
manager._kernel_spec = KernelSpec(argv=command, display_name="kernel", language="javascript")
began = time.monotonic()
manager.start_kernel()
try:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    started = time.monotonic() - began

    def run(source):
        printed = []

        def hook(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = client.execute_interactive(source, output_hook=hook, timeout=30)
        return reply["content"]["status"], "".join(printed)

    run(code.replace("{cell}", "0"))
    for cell in range(1, CELLS + 1):
        status, printed = run(code.replace("{cell}", str(cell)))
        assert (status, printed.strip()) == ("ok", str(cell)), (cell, status, printed)
    status, printed = run("console.log('x'.repeat(1000000))")
    assert (status, len(printed.strip())) == ("ok", 1_000_000), (status, len(printed))
    reply = client.complete("Math.flo", reply=True, timeout=30)
    assert any("floor" in match for match in reply["content"]["matches"]), reply
    limit = time.monotonic() + 20
    while not client.hb_channel.is_beating():
        assert time.monotonic() < limit, "no heartbeat"
        time.sleep(0.1)

    status, _ = run("throw new Error('wanted')")
    assert status == "error", status
    client.shutdown(reply=True, timeout=30)
    limit = time.monotonic() + 20
    while ends and manager.is_alive():
        assert time.monotonic() < limit, "the kernel does not exit after a shutdown"
        time.sleep(0.05)
    client.stop_channels()
finally:
    if manager.is_alive():
        manager.shutdown_kernel(now=True)

print(
    json.dumps(
        {
            "done": f"{CELLS} cells, 1 MB of output, completion, heartbeat, an error, shutdown",
            "figures": f"ready after {started:.1f} s",
        }
    )
)
