// One libzmq message, and the ways of its bytes between JavaScript and libzmq.
#pragma once

#include <memory>
#include <utility>

#include <zmq.h>

#include "prelude.h"

namespace ohmq {

class MessageMemory;
class ReleaseQueue;

class Message {
 public:
  Message() noexcept { zmq_msg_init(&message_); }
  ~Message() { zmq_msg_close(&message_); }

  Message(Message&& other) noexcept {
    zmq_msg_init(&message_);
    zmq_msg_move(&message_, &other.message_);
  }
  Message& operator=(Message&& other) noexcept {
    if (this != &other) zmq_msg_move(&message_, &other.message_);
    return *this;
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  zmq_msg_t* get() { return &message_; }
  void* data() { return zmq_msg_data(&message_); }
  size_t size() const { return zmq_msg_size(&message_); }
  bool more() const { return zmq_msg_more(&message_) != 0; }

  // Leaves this message empty, and ready for the next one.
  Message Take() noexcept {
    Message taken;
    zmq_msg_move(&taken.message_, &message_);
    return taken;
  }

  // All three replace an empty message and return false when memory runs out.
  bool Copy(MessageMemory* memory, const void* data, size_t size) noexcept;
  // `value` is a string; it becomes UTF-8, lone surrogates become U+FFFD.
  bool Encode(napi_env env, napi_value value, MessageMemory* memory);
  // libzmq reads the bytes where they are: `value`, a typed array, is held until libzmq lets go of them. For the main
  // thread only, because a context outlives a worker and the worker's memory does not.
  bool Reference(napi_env env, napi_value value, void* data, size_t size, const std::shared_ptr<ReleaseQueue>& queue);

 private:
  zmq_msg_t message_;
};

// A Buffer over the message's own memory where the runtime allows that and nobody else has it, else over a copy.
// `external_bytes` counts, for each environment, what Buffers hold in memory that is not V8's.
Napi::Value ToBuffer(Napi::Env env, Message&& message, size_t* external_bytes);

}  // namespace ohmq
