// Faults of released libzmq that end the process, corrupt memory, hold connections for ever, refuse good peers, let others in or
// do not tell who is gone, mended in the unpacked sources before they are compiled.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

/**
 * Each mend replaces `before`, which must be there once, by `after`. Where a release has no such fault any more, `fixed` is
 * what stands there instead; without it that is `after`.
 */
export const mends = [
  {
    // The session of a peer that goes while its Router is being closed writes the message about it into a pipe that is gone.
    file: "src/pipe.cpp",
    why: "DISCONNECT_MSG: a null pointer when a socket is closed while its peer goes",
    before: "if (_disconnect_msg.size () > 0) {",
    after: "if (_disconnect_msg.size () > 0 && _out_pipe) {",
  },
  {
    // A group's length is a byte, which is a negative number from 128 on.
    file: "src/udp_engine.cpp",
    why: "udp: a datagram that begins with a byte above 127 ends the process of a Dish",
    before: "const int group_size = _in_buffer[0];",
    after: `const int group_size = static_cast<unsigned char> (_in_buffer[0]);
        if (nbytes - 1 < group_size)
            return;`,
  },
  {
    // What it passes on as an address are four bytes and a port.
    file: "src/udp_engine.cpp",
    why: "udp: a datagram that comes over IPv6 ends the process of a Datagram",
    before: "zmq_assert (in_address.ss_family == AF_INET);",
    after: "if (in_address.ss_family != AF_INET)\n            return;",
  },
  {
    file: "src/radio.cpp",
    why: "a peer that joins a group with a name of more than 255 bytes ends the process of a Radio",
    before: "rc = join_leave_msg.set_group (group, group_length);\n        errno_assert (rc == 0);",
    after: `rc = join_leave_msg.set_group (group, group_length);
        if (rc != 0) {
            errno = EFAULT;
            return -1;
        }`,
  },
  {
    // The ping lay behind messages that its socket had no room for; the answer has nowhere to go.
    file: "src/stream_engine_base.cpp",
    why: "a ping that is read after its connection was lost ends the process",
    before: "void zmq::stream_engine_base_t::out_event ()\n{\n    zmq_assert (!_io_error);",
    after: "void zmq::stream_engine_base_t::out_event ()\n{\n    if (_io_error)\n        return;",
  },
  {
    // Over ws, a peer may ask for no mechanism at all.
    file: "src/stream_engine_base.cpp",
    why: "ws: a heartbeat to a peer without a mechanism ends the process",
    before: "int zmq::stream_engine_base_t::pull_and_encode (msg_t *msg_)\n{\n    zmq_assert (_mechanism != NULL);",
    after: `int zmq::stream_engine_base_t::pull_and_encode (msg_t *msg_)
{
    if (_mechanism == NULL)
        return _session->pull_msg (msg_);`,
  },
  {
    // Its peers speak no ZMTP, but over ws they do, and then a message of two parts ends the process.
    file: "src/socket_base.cpp",
    why: "ws: a Stream has no way to speak it",
    before: "//  Protocol is available.\n    return 0;",
    after: `//  Nor does every socket.
#ifdef ZMQ_HAVE_WS
    if (protocol_ == protocol_name::ws && options.raw_socket) {
        errno = ENOCOMPATPROTO;
        return -1;
    }
#endif
    return 0;`,
  },
  {
    // Who connects masks what it sends, where it lies: here in a buffer of the program, which may send it again.
    file: "src/ws_encoder.cpp",
    why: "ws: sending overwrites the memory that zmq_msg_init_data was given",
    before: "|| in_progress ()->is_cmsg ()) {",
    after: "|| in_progress ()->is_cmsg ()\n            || in_progress ()->is_lmsg ()) {",
  },
  {
    // Without a mechanism, nobody is asked. A NULL server asks if it has a domain.
    file: "src/ws_engine.cpp",
    why: "ws: a peer that asks for no mechanism is let in without authentication",
    before: 'if (_options.mechanism == ZMQ_NULL && (strcmp ("ZWS2.0", protocol_) == 0)) {',
    after:
      'if (_options.mechanism == ZMQ_NULL && _options.zap_domain.empty ()\n        && (strcmp ("ZWS2.0", protocol_) == 0)) {',
  },
  {
    // The mechanism tells of it, too, and later: here nobody is authenticated yet.
    file: "src/ws_engine.cpp",
    why: "ws: monitors are told of each handshake twice",
    before: "        socket ()->event_handshake_succeeded (_endpoint_uri_pair, 0);\n\n        set_pollout ();",
    after: `        if (_mechanism == NULL)
            socket ()->event_handshake_succeeded (_endpoint_uri_pair, 0);
        set_pollout ();`,
  },
  {
    // A peer may have taken the name meanwhile.
    file: "src/router.cpp",
    why: "connecting to a peer by a name that another peer has given itself ends the process",
    before: "zmq_assert (!has_out_pipe (routing_id));",
    after: "if (has_out_pipe (routing_id))\n            return false;",
  },
  {
    file: "src/socks_connecter.cpp",
    why: "SOCKS: a host name of more than 255 bytes ends the process",
    before: "if (parse_address (_addr->address, hostname, port) == -1)",
    after: "if (parse_address (_addr->address, hostname, port) == -1\n                || hostname.size () > UINT8_MAX)",
  },
  {
    // A batch that has no room for the header: that is read elsewhere, and what is there is no part of the batch.
    file: "src/v2_decoder.cpp",
    why: "ZMQ_IN_BATCH_SIZE of less than a header writes past its memory",
    before: "if (unlikely (!_zero_copy\n                  || msg_size_ >",
    after: `if (unlikely (!_zero_copy || read_pos_ < allocator.data ()
                  || read_pos_ > allocator.data () + allocator.size ()
                  || msg_size_ >`,
  },
  {
    // The thread runs with the priority that it has, where the system does not allow another or knows no such policy.
    file: "src/thread.cpp",
    why: "threadPriority and threadSchedulingPolicy end the process where the system refuses them",
    before: "rc = pthread_setschedparam (pthread_self (), policy, &param);\n\n",
    after: `rc = pthread_setschedparam (pthread_self (), policy, &param);
    if (rc == EINVAL || rc == EPERM)
        return;

`,
  },
  {
    // Telling a monitor of it sets errno to EAGAIN, and the engine then waits, for ever and with the descriptor, rather than
    // end the connection.
    file: "src/curve_mechanism_base.cpp",
    why: "CURVE: a connection with a message that was tampered with is never ended while the socket is monitored",
    before: "error_event_code);\n    }\n\n    return rc;",
    after: "error_event_code);\n        errno = EPROTO;\n    }\n\n    return rc;",
  },
  {
    // The engine hands over the user id of an authenticator's reply first, as a message that is not for the socket.
    file: "src/dish.cpp",
    why: "DISH: every peer with a user id is disconnected",
    before: "{\n    if (_state == group) {",
    after:
      "{\n    if (msg_->is_credential ())\n        return session_base_t::push_msg (msg_);\n\n    if (_state == group) {",
  },
  {
    // The same there.
    file: "src/req.cpp",
    why: "REQ: every peer with a user id is disconnected",
    before: "        return 0;\n\n    switch (_state) {",
    after:
      "        return 0;\n    if (unlikely (msg_->is_credential ()))\n        return session_base_t::push_msg (msg_);\n\n    switch (_state) {",
  },
  {
    // So nobody could count who is connected. libzmq has an event for the purpose, which this and the next five have it tell.
    file: "src/i_engine.hpp",
    why: "monitor: a connection that this side ends is not told of (the call)",
    before: "get_endpoint () const = 0;\n};",
    after: `get_endpoint () const = 0;

    //  Tells of a connection that this side is about to end.
    virtual void event_closed () {}
};`,
  },
  {
    file: "src/stream_engine_base.hpp",
    why: "monitor: a connection that this side ends is not told of (its declaration)",
    before: "get_endpoint () const ZMQ_FINAL;\n\n",
    after: "get_endpoint () const ZMQ_FINAL;\n    void event_closed () ZMQ_FINAL;\n\n",
  },
  {
    file: "src/stream_engine_base.cpp",
    why: "monitor: a connection that this side ends is not told of (the event)",
    before: "\n\nvoid zmq::stream_engine_base_t::mechanism_ready ()",
    after: `

void zmq::stream_engine_base_t::event_closed ()
{
    _socket->event_closed (_endpoint_uri_pair, _s);
}
void zmq::stream_engine_base_t::mechanism_ready ()`,
  },
  {
    // Not in the destructor: by then the socket may be gone.
    file: "src/session_base.cpp",
    why: "monitor: a connection that this side ends is not told of (without messages)",
    before: "_terminating_pipes.empty ()) {\n        own_t::process_term (0);",
    after: `_terminating_pipes.empty ()) {
        if (_engine)
            _engine->event_closed ();
        own_t::process_term (0);`,
  },
  {
    file: "src/session_base.cpp",
    why: "monitor: a connection that this side ends is not told of (after its messages)",
    before: "_pending = false;\n        own_t::process_term (0);",
    after: `_pending = false;
        if (_engine)
            _engine->event_closed ();
        own_t::process_term (0);`,
  },
  {
    file: "src/session_base.cpp",
    why: "monitor: a connection that this side ends is not told of (of a Stream)",
    before: "if (_engine) {\n            _engine->terminate ();",
    after: "if (_engine) {\n            _engine->event_closed ();\n            _engine->terminate ();",
  },
  {
    // The message comes last, before what ends the pipe. A session without an engine has sent it already.
    file: "src/session_base.cpp",
    why: "DISCONNECT_MSG: not received for the peers of an endpoint that is unbound",
    before: "        }\n\n        //  Start pipe termination process.",
    after: `        }
#ifdef ZMQ_BUILD_DRAFT_API
        if (!_active && _engine && options.can_recv_disconnect_msg
            && !options.disconnect_msg.empty ()) {
            _pipe->set_disconnect_msg (options.disconnect_msg);
            _pipe->send_disconnect_msg ();
        }
#endif

        //  Start pipe termination process.`,
  },
]

/**
 * Mends the sources in `folder`. Gives what was mended, and what was not, although nothing shows that the fault is gone: a new
 * release may have moved it.
 */
export function mend(folder, all = mends) {
  const mended = []
  const missed = []
  for (const { file, why, before, after, fixed = after } of all) {
    const name = path.join(folder, file)
    const text = existsSync(name) ? readFileSync(name, "utf8") : ""
    const parts = text.split(before)
    if (parts.length === 2) {
      writeFileSync(name, parts.join(after))
      mended.push(why)
    } else if (!text.includes(fixed)) missed.push(why)
  }
  return { mended, missed }
}
