// Faults of released libzmq that end the process, hold connections for ever or let none be, mended in the unpacked sources before they are compiled.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

/** Each mend replaces `before`, which must be there once, by `after`. */
export const mends = [
  {
    // The session of a peer that goes while its Router is being closed writes the message about it into a pipe that is gone.
    file: "src/pipe.cpp",
    why: "DISCONNECT_MSG: a null pointer when a socket is closed while its peer goes",
    before: "if (_disconnect_msg.size () > 0) {",
    after: "if (_disconnect_msg.size () > 0 && _out_pipe) {",
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
]

/** Mends the sources in `folder`. Returns what was mended; a release that has no such fault any more is left alone. */
export function mend(folder) {
  return mends.filter(({ file, before, after }) => {
    const name = path.join(folder, file)
    const parts = existsSync(name) ? readFileSync(name, "utf8").split(before) : []
    if (parts.length !== 2) return false
    writeFileSync(name, parts.join(after))
    return true
  })
}
