"""Prints events, one a line, as docs/wire.md says. Usage: consumer.py ENDPOINT [PREFIX...]"""

import base64
import json
import sys

import zmq


def decode(frames):
    if len(frames) not in (2, 3) or sum(map(len, frames)) > 1 << 20:
        raise ValueError("not two or three frames of 1 MiB")
    event = json.loads(frames[1].decode())
    if not isinstance(event, dict) or event.get("specversion") != "1.0" or event.get("type") != frames[0].decode():
        raise ValueError("not an event of CloudEvents 1.0, or its type is not the first frame")
    if len(frames) == 3:
        event["data_base64"] = base64.b64encode(frames[2]).decode()
    return event


endpoint, *prefixes = sys.argv[1:]
with zmq.Context() as context, context.socket(zmq.SUB) as socket:
    socket.connect(endpoint)
    for prefix in prefixes or [""]:
        socket.subscribe(prefix)
    while True:
        try:
            print(json.dumps(decode(socket.recv_multipart())), flush=True)
        except ValueError as error:
            print(f"refused: {error}", file=sys.stderr, flush=True)
