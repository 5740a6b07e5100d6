# Publishes topic, body and sequence number like a chain node, with libzmq through Python. Argument: the number of blocks.
# Prints its port, then reads lines: "go" publishes everything, "restart" closes the socket and binds a new one to the same port.

import struct
import sys
import time

import zmq

count = int(sys.argv[1])
context = zmq.Context()


def bind_again(socket, port):
    """Retries, because a closed socket frees its port a little later."""
    for _ in range(500):
        try:
            return socket.bind(f"tcp://127.0.0.1:{port}")
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE:
                raise
            time.sleep(0.01)
    raise TimeoutError("The port is still in use")


def publisher(port):
    socket = context.socket(zmq.XPUB)
    socket.sndhwm = 0
    if port is None:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
    else:
        bind_again(socket, port)
    return socket, port


def subscribed(socket):
    for _ in range(2):  # rawtx and hashblock
        assert socket.recv()[0] == 1


socket, port = publisher(None)
print(port, flush=True)
for line in sys.stdin:
    if line == "go\n":
        subscribed(socket)
        for number in range(count):
            sequence = struct.pack("<I", number)
            socket.send_multipart([b"rawtx", bytes([number % 256]) * 250, sequence])
            socket.send_multipart([b"rawblock", b"not subscribed to", sequence])
            socket.send_multipart([b"hashblock", struct.pack(">I", number) * 8, sequence])
    elif line == "restart\n":
        socket.close()
        socket, _ = publisher(port)
socket.close()
context.term()
