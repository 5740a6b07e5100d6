// What makes libzmq faster for a caller as slow as JavaScript, changed in its unpacked sources before they are compiled.
// docs/performance.md has the figures. Each is made whole or not at all, and the addon does without one that is missing.

import { existsSync, readFileSync } from "node:fs"
import path from "node:path"

import { mend } from "./mends.mjs"

export const tunings = [
  {
    // C++ outruns the I/O thread, JavaScript does not: so the thread soon has nothing left to send and sleeps, and each of the
    // next messages is a system call to wake it, for which it interrupts the thread that sends. Woken so often, it first lets
    // that one go on, and finds more to do. Where nobody else wants the processor, that is one short call.
    why: "I/O threads that are woken 50,000 times a second and more let others run first",
    edits: [
      {
        file: "src/io_thread.hpp",
        before: "    mailbox_t _mailbox;\n",
        after: `    mailbox_t _mailbox;

    //  How often commands have come since it was counted last, when that
    //  was, and whether that is often.
    int _wakes;
    uint64_t _counted;
    bool _busy;
`,
      },
      {
        file: "src/io_thread.cpp",
        before: "    object_t (ctx_, tid_),\n",
        after: "    object_t (ctx_, tid_),\n    _wakes (0),\n    _counted (0),\n    _busy (false),\n",
      },
      {
        file: "src/io_thread.cpp",
        before: "void zmq::io_thread_t::in_event ()\n{\n",
        after: `void zmq::io_thread_t::in_event ()
{
#ifdef __linux__
    if (++_wakes == 16) {
        const uint64_t now = clock_t::now_us ();
        _busy = now - _counted < 16 * 20;
        _counted = now;
        _wakes = 0;
    }
    if (_busy)
        sched_yield ();
#endif
`,
      },
      {
        file: "src/io_thread.cpp",
        before: '#include "ctx.hpp"\n',
        after: '#include "ctx.hpp"\n#include "clock.hpp"\n\n#ifdef __linux__\n#include <sched.h>\n#endif\n',
      },
    ],
  },
  {
    // Of many messages that one call sends, only the first finds the reader asleep; but it then sleeps again and again, and
    // each time that is a system call and two changes of threads.
    why: "readers of many messages that one call sends are woken once (ohmq_hold_wakes)",
    edits: [
      {
        file: "include/zmq.h",
        before: "ZMQ_EXPORT int zmq_send (void *s_, const void *buf_, size_t len_, int flags_);\n",
        after: `ZMQ_EXPORT int zmq_send (void *s_, const void *buf_, size_t len_, int flags_);
/*  While held, messages that are sent become visible to their readers, and do *
 *  not wake them. To be ended by the same thread, before it does anything     *
 *  else. Not for thread-safe sockets.                                         */
#define OHMQ_HAS_HOLD_WAKES
ZMQ_EXPORT void ohmq_hold_wakes (void *s_, int hold_);
`,
      },
      {
        file: "src/zmq.cpp",
        before: "int zmq_send (void *s_, const void *buf_, size_t len_, int flags_)\n{\n",
        after: `void ohmq_hold_wakes (void *s_, int hold_)
{
    static_cast<zmq::socket_base_t *> (s_)->hold_wakes (hold_ != 0);
}

int zmq_send (void *s_, const void *buf_, size_t len_, int flags_)
{
`,
      },
      {
        file: "src/socket_base.hpp",
        before: "    int send (zmq::msg_t *msg_, int flags_);\n",
        after: "    int send (zmq::msg_t *msg_, int flags_);\n    void hold_wakes (bool hold_);\n",
      },
      {
        file: "src/socket_base.cpp",
        before: "int zmq::socket_base_t::send (msg_t *msg_, int flags_)\n{\n",
        after: `void zmq::socket_base_t::hold_wakes (bool hold_)
{
    for (pipes_t::size_type i = 0, size = _pipes.size (); i != size; ++i)
        _pipes[i]->hold_wakes (hold_);
}

int zmq::socket_base_t::send (msg_t *msg_, int flags_)
{
`,
      },
      {
        file: "src/pipe.hpp",
        before: "    void flush ();\n",
        after: `    void flush ();

    //  While held, flush makes messages visible to the reader and does not
    //  wake it. The end of that wakes it.
    void hold_wakes (bool hold_);
`,
      },
      {
        file: "src/pipe.hpp",
        before: "    bool _out_active;\n",
        after: "    bool _out_active;\n\n    bool _holds_wakes;\n    bool _held_wake;\n",
      },
      {
        file: "src/pipe.cpp",
        before: "    _out_active (true),\n",
        after: "    _out_active (true),\n    _holds_wakes (false),\n    _held_wake (false),\n",
      },
      {
        file: "src/pipe.cpp",
        before: "    if (_out_pipe && !_out_pipe->flush ())\n        send_activate_read (_peer);\n}\n",
        after: `    if (_out_pipe && !_out_pipe->flush ()) {
        if (_holds_wakes)
            _held_wake = true;
        else
            send_activate_read (_peer);
    }
}

void zmq::pipe_t::hold_wakes (bool hold_)
{
    _holds_wakes = hold_;
    if (hold_ || !_held_wake)
        return;
    _held_wake = false;
    //  As in flush: the peer does not exist any more at this point.
    if (_state != term_ack_sent)
        send_activate_read (_peer);
}
`,
      },
    ],
  },
  {
    // In a message that the decoder makes, what libzmq keeps of it lies with the bytes. One of zmq_msg_init_data has an
    // allocation for that, and costs a third more.
    why: "messages whose bytes and description share memory of the caller (ohmq_msg_init_in)",
    edits: [
      {
        file: "include/zmq.h",
        before: "typedef void(zmq_free_fn) (void *data_, void *hint_);\n",
        after: `typedef void(zmq_free_fn) (void *data_, void *hint_);
/*  As zmq_msg_init_data, for bytes that lie behind ohmq_msg_content_size ()   *
 *  bytes at content_, which libzmq uses until it calls ffn_.                  */
#define OHMQ_HAS_MSG_INIT_IN
ZMQ_EXPORT size_t ohmq_msg_content_size (void);
ZMQ_EXPORT int ohmq_msg_init_in (
  zmq_msg_t *msg_, void *content_, size_t size_, zmq_free_fn *ffn_, void *hint_);
`,
      },
      {
        file: "src/zmq.cpp",
        before: "int zmq_msg_init_data (\n",
        after: `size_t ohmq_msg_content_size ()
{
    return sizeof (zmq::msg_t::content_t);
}

int ohmq_msg_init_in (
  zmq_msg_t *msg_, void *content_, size_t size_, zmq_free_fn *ffn_, void *hint_)
{
    typedef zmq::msg_t::content_t content_t;
    return (reinterpret_cast<zmq::msg_t *> (msg_))
      ->init_external_storage (
        new (content_) content_t,
        static_cast<unsigned char *> (content_) + sizeof (content_t), size_,
        ffn_, hint_);
}

int zmq_msg_init_data (
`,
      },
    ],
  },
]

/** Whether a text can be replaced where it stands, once. */
function fits(folder, { file, before }) {
  const name = path.join(folder, file)
  return existsSync(name) && readFileSync(name, "utf8").split(before).length === 2
}

/** Tunes the sources in `folder`. Gives which tunings were made, and which were not, because the sources are others. */
export function tune(folder, all = tunings) {
  const tuned = []
  const untuned = []
  for (const { why, edits } of all) {
    if (edits.every((edit) => fits(folder, edit))) {
      mend(
        folder,
        edits.map((edit) => ({ ...edit, why })),
      )
      tuned.push(why)
    } else untuned.push(why)
  }
  return { tuned, untuned }
}
