"""A peer for the tests, with pyzmq. What it is told and what it answers stands in ../peer.mjs."""

import os
import sys

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

context = zmq.Context()
socket = None
authenticator = None


def hexed(part):
    return part.hex() or "-"


def unhexed(word):
    return b"" if word == "-" else bytes.fromhex(word)


def version():
    return f"pyzmq {zmq.__version__}, libzmq {zmq.zmq_version()}"


def authenticate(folder):
    global authenticator
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    # "*" is for sockets without a domain.
    with open(os.path.join(folder, "passwords")) as file:
        authenticator.configure_plain(domain="*", passwords=dict(line.strip().split("=", 1) for line in file))
    authenticator.configure_curve(domain="*", location=os.path.join(folder, "clients"))


def open_socket(kind, mechanism, *keys):
    global socket
    socket = context.socket(getattr(zmq, kind))
    socket.linger = 1000
    socket.sndtimeo = 5000
    keys = [key.encode() for key in keys]
    if mechanism == "plain-server":
        socket.plain_server = True
    elif mechanism == "plain-client":
        socket.plain_username, socket.plain_password = keys
    elif mechanism == "curve-server":
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = keys
    elif mechanism == "curve-client":
        socket.curve_publickey, socket.curve_secretkey, socket.curve_serverkey = keys


def name(word):
    socket.routing_id = unhexed(word)


def bind(address):
    socket.bind(address)
    return socket.last_endpoint.decode()


def connect(address):
    socket.connect(address)


def subscribe(word):
    socket.subscribe(unhexed(word))


def unsubscribe(word):
    socket.unsubscribe(unhexed(word))


def send(*words):
    socket.send_multipart([unhexed(word) for word in words])


def receive(timeout):
    socket.rcvtimeo = int(timeout)
    return " ".join(map(hexed, socket.recv_multipart()))


def close():
    socket.close()


def save(file, owner):
    """Makes a certificate: FILE and FILE_secret."""
    folder, base = os.path.split(file)
    zmq.auth.create_certificates(folder, os.path.splitext(base)[0], metadata={"name": owner})


def load(file):
    public, secret = zmq.auth.load_certificate(file)
    return f"{public.decode()} {secret.decode() if secret else '-'}"


commands = {"open": open_socket}
for command in version, authenticate, name, bind, connect, subscribe, unsubscribe, send, receive, close, save, load:
    commands[command.__name__] = command

for line in sys.stdin:
    word, *rest = line.split()
    try:
        print("ok", commands[word](*rest) or "", flush=True)
    except zmq.Again:
        print("nothing", flush=True)
    except Exception as error:
        print("error", repr(error), flush=True)

if authenticator is not None:
    authenticator.stop()
context.destroy()
