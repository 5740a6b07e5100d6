"""Sends events as docs/wire.md says. Usage: producer.py ENDPOINT SOURCE TYPE [FILE...]

Each line of standard input, which is JSON, becomes an event; each FILE one with its bytes as payload."""

import json
import sys
import uuid
from datetime import datetime, timezone

import zmq


def event(source, type, **attributes):
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": source, "type": type, "time": now, **attributes}


def frames(event, payload=None):
    envelope = json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
    return [event["type"].encode(), envelope] + ([] if payload is None else [payload])


endpoint, source, type, *files = sys.argv[1:]
with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
    socket.connect(endpoint)
    for line in sys.stdin:
        socket.send_multipart(frames(event(source, type, data=json.loads(line))))
    for name in files:
        with open(name, "rb") as file:
            socket.send_multipart(frames(event(source, type, subject=name), file.read()))
