// One libzmq message, and how its bytes get from JavaScript to libzmq and back.
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

  // Moves the content out. This message is then empty, and can be used again.
  Message Take() noexcept {
    Message taken;
    zmq_msg_move(&taken.message_, &message_);
    return taken;
  }

  // These three need an empty message, and return false when memory runs out.
  bool Copy(MessageMemory* memory, const void* data, size_t size) noexcept;
  // `value` is a string. It becomes UTF-8; lone surrogates become U+FFFD.
  bool Encode(napi_env env, napi_value value, MessageMemory* memory);
  // libzmq reads the bytes where they are. `value`, a typed array, is held until libzmq releases them. Only for the
  // main thread: a context outlives a worker, but the worker's memory does not.
  bool Reference(napi_env env, napi_value value, void* data, size_t size, const std::shared_ptr<ReleaseQueue>& queue);

 private:
  zmq_msg_t message_;
};

// A Buffer over the message's own memory if the runtime allows that and nobody else has the memory; otherwise over a
// copy. `external_bytes` is the environment's count, see there.
Napi::Value ToBuffer(Napi::Env env, Message&& message, size_t* external_bytes);

}  // namespace ohmq
