# A broker, a worker and a client of Majordomo 0.2 (https://rfc.zeromq.org/spec/18/), for majordomo.test.ts.
#
#   majordomo.py broker HEARTBEAT_MS                  prints its address
#   majordomo.py worker ADDRESS SERVICE COUNT         answers each request with COUNT partial replies, and a final one
#   majordomo.py client ADDRESS SERVICE BODY...       prints each reply

import sys
import time

import zmq

READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = (bytes([n]) for n in range(1, 7))


def broker(heartbeat):
    socket = zmq.Context().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(f"tcp://127.0.0.1:{port}", flush=True)
    services = {}  # the service of each worker
    heard = {}  # when it was heard last
    idle = []
    busy = {}  # the request that each worker has
    waiting = []  # requests: service, client, body

    def tell(worker, *frames):
        socket.send_multipart([worker, b"MDPW02", *frames])

    def forget(worker, say_so):
        if say_so:
            tell(worker, DISCONNECT)
        services.pop(worker, None)
        heard.pop(worker, None)
        if worker in idle:
            idle.remove(worker)
        # Another worker gets what this one had.
        if worker in busy:
            waiting.insert(0, busy.pop(worker))

    def dispatch():
        for request in list(waiting):
            service, client, body = request
            worker = next((one for one in idle if services[one] == service), None)
            if worker is not None:
                waiting.remove(request)
                idle.remove(worker)
                busy[worker] = request
                tell(worker, REQUEST, client, b"", *body)

    beat = time.monotonic()
    while True:
        if socket.poll(heartbeat):
            sender, protocol, command, *rest = socket.recv_multipart()
            if protocol == b"MDPC02" and command == b"\x01" and len(rest) >= 2:
                waiting.append((rest[0], sender, rest[1:]))
            elif protocol == b"MDPW02":
                heard[sender] = time.monotonic()
                if command == READY and sender not in services and len(rest) == 1:
                    services[sender] = rest[0]
                    idle.append(sender)
                    print(f"ready {rest[0].decode()}", flush=True)
                elif command == DISCONNECT:
                    forget(sender, False)
                    print("disconnect", flush=True)
                elif command in (PARTIAL, FINAL) and sender in busy and len(rest) >= 3 and rest[1] == b"":
                    client_command = bytes([2 if command == PARTIAL else 3])
                    socket.send_multipart([rest[0], b"MDPC02", client_command, services[sender], *rest[2:]])
                    if command == FINAL:
                        del busy[sender]
                        idle.append(sender)
                elif command != HEARTBEAT or sender not in services:
                    forget(sender, True)
            else:
                print(f"malformed {[sender, protocol, command, *rest]}", flush=True)
        now = time.monotonic()
        if now - beat >= heartbeat / 1000:
            beat = now
            for worker in list(services):
                if now - heard[worker] > 3 * heartbeat / 1000:
                    forget(worker, True)
                    print("expired", flush=True)
                else:
                    tell(worker, HEARTBEAT)
        dispatch()


def worker(address, service, count):
    socket = zmq.Context().socket(zmq.DEALER)
    socket.connect(address)
    socket.send_multipart([b"MDPW02", READY, service.encode()])
    while True:
        if not socket.poll(100):
            socket.send_multipart([b"MDPW02", HEARTBEAT])
            continue
        _, command, *rest = socket.recv_multipart()
        if command == REQUEST:
            client, empty, *body = rest
            for number in range(count):
                socket.send_multipart([b"MDPW02", PARTIAL, client, empty, str(number).encode(), *body])
            socket.send_multipart([b"MDPW02", FINAL, client, empty, b"python", *body])


def client(address, service, *body):
    socket = zmq.Context().socket(zmq.DEALER)
    socket.connect(address)
    socket.send_multipart([b"MDPC02", b"\x01", service.encode(), *(part.encode() for part in body)])
    command = b""
    while command != b"\x03":
        protocol, command, name, *reply = socket.recv_multipart()
        assert protocol == b"MDPC02" and name == service.encode()
        print("final" if command == b"\x03" else "partial", *(part.decode() for part in reply), flush=True)


kind, *arguments = sys.argv[1:]
if kind == "broker":
    broker(int(arguments[0]))
elif kind == "worker":
    worker(arguments[0], arguments[1], int(arguments[2]))
else:
    client(*arguments)
