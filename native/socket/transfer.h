// The hot path: the functions that JavaScript calls for each message or batch, and what they share with draft.cc.
// They use plain Node-API and name a socket by its slot. Everything that is called less often is a method of its class.
#pragma once

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include <zmq.h>

#include "environment/environment.h"
#include "errors.h"
#include "interface.h"
#include "message/message.h"
#include "prelude.h"
#include "socket/socket.h"

namespace ohmq {

// Adds the functions of the hot path to the addon's exports. Their first argument is the slot of an open socket.
//
// sendBytes(slot: number, part: Uint8Array, flags: SendFlags): boolean
// sendText(slot: number, part: string, flags: SendFlags): boolean
// False when the socket would block.
//
// sendMany(slot: number, frames: number): number
// Sends this many frames, which lie back to back in the shared `bytes`. Each has an entry in the shared frame array
// (FrameFlags). Returns how many frames libzmq took. If it did not take all, the next one would block or fail:
// send that one alone to find out.
//
// receive(slot: number, messages: number): number
// Takes up to this many messages off the socket. Returns the number of frames. Each has an entry in the shared frame
// array. Small frames lie in the shared `received`; fetch large ones with takeLarge(). Stops early, even inside a
// message, when one of the two is full. The last frame then says `more`, and the next call continues, because libzmq
// has the rest already.
//
// events(slot: number): number. Reads ZMQ_EVENTS.
//
// watch(slot: number, events: number): boolean
// Sets what the socket waits for, 0 for nothing; the addon calls onReady when some of it is ready. For what is ready
// already there may be no edge, so call events() first, and again if watch returns true. While a socket watches, it
// cannot be collected, and it keeps the event loop alive unless keepAlive(false) was called.
void DefineTransfer(Napi::Env env, Napi::Object exports);

// The arguments of a function whose first argument is the slot of an open socket.
template <size_t N>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = N;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    environment = static_cast<Environment*>(data);
    uint32_t slot = UINT32_MAX;
    napi_get_value_uint32(env, values[0], &slot);
    socket = environment->SocketAt(slot);
    if (socket == nullptr) Throw(env, EBADF);
  }

  uint32_t Number(napi_env env, size_t index) const {
    uint32_t number = 0;
    napi_get_value_uint32(env, values[index], &number);
    return number;
  }

  napi_value values[N];
  Environment* environment;
  Socket* socket;  // null if an exception is pending
};

// Adds a function to the addon's exports.
inline void DefineFunction(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, &Environment::Of(env), &function);
  exports.Set(name, function);
}

inline napi_value ToNumber(napi_env env, uint32_t number) {
  napi_value result = nullptr;
  napi_create_uint32(env, number, &result);
  return result;
}

inline napi_value ToBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

// Passes a part of this size to libzmq without waiting, and counts it in `sent`. Returns 0 or an error number, such as
// EAGAIN if it would have to wait.
inline int SendNow(void* socket, Count* sent, Message* message, size_t size, int flags = 0) {
  while (zmq_msg_send(message->get(), socket, ZMQ_DONTWAIT | flags) < 0) {
    const int error = zmq_errno();
    if (error == EINTR) continue;
    sent->Drop();
    return error;
  }
  sent->Add(size, (flags & ZMQ_SNDMORE) != 0);
  return 0;
}

// Fills an empty message with the bytes of `part`, a Uint8Array, and tells how many. On failure, throws and returns
// false.
inline bool TakePart(napi_env env, Environment* environment, napi_value part, uint32_t flags, Message* message,
                     size_t* taken) {
  size_t size = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, part, nullptr, &size, &data, nullptr, nullptr) != napi_ok) {
    ThrowType(env, "Message part must be a Uint8Array");
    return false;
  }
  const bool reference = size > kCopyLimit && (flags & SendFlags::kMayReference) != 0 && environment->main_thread();
  const bool ok = reference ? message->Reference(env, part, data, size, environment->release_queue())
                            : message->Copy(&environment->message_memory, data, size);
  if (!ok) Throw(env, ENOMEM);
  *taken = size;
  return ok;
}

// An entry of the frame array (lib/native/numbers.ts), and what it says.
inline uint32_t FrameEntry(size_t size, bool more) {
  return (static_cast<uint32_t>(size) << kFrameShift) | (more ? FrameFlags::kMore : 0);
}
inline size_t FrameSize(uint32_t entry) { return entry >> kFrameShift; }
inline bool FrameHasMore(uint32_t entry) { return (entry & FrameFlags::kMore) != 0; }

// Writes the frames of a receive call: small ones to `environment.received`, large ones to `environment.large`, and an
// entry for each to `environment.frames`.
class FrameWriter {
 public:
  explicit FrameWriter(Environment* environment)
      : environment_(environment), next_(reinterpret_cast<char*>(environment->received)), room_(Environment::kBytes) {
    environment_->large.clear();
    environment_->large_taken = 0;
  }

  bool has_room() const { return count_ < Environment::kFrames && room_ >= kCopyLimit; }
  uint32_t count() const { return count_; }

  // Write a small frame to `next`, which has room for kCopyLimit bytes, then add it. Frames are aligned, so that they
  // can be read as numbers in place; the gaps between them are zero.
  char* next() { return next_; }
  void Add(size_t size, bool more) {
    environment_->frames[count_] = FrameEntry(size, more);
    const size_t taken = (size + kFrameAlignment - 1) & ~size_t{kFrameAlignment - 1};
    if (taken > size) std::memset(next_ + size, 0, taken - size);
    next_ += taken;
    room_ -= taken;
    count_ += 1;
  }

  // Leaves the message, of this size, empty.
  void Add(Message* message, size_t size, bool more) {
    // After the value of a message's tag, there may be less room than has_room() found.
    if (size > kCopyLimit || size > room_) {
      environment_->frames[count_] = FrameFlags::kLarge | FrameEntry(0, more);
      environment_->large.push_back(message->Take());
      count_ += 1;
      return;
    }
    if (size > 0) std::memcpy(next_, message->data(), size);
    Add(size, more);
  }

 private:
  Environment* const environment_;
  char* next_;
  size_t room_;
  uint32_t count_ = 0;
};

// Takes up to `messages` messages off a socket, counts them, and adds their frames with `add`, a function of a
// FrameWriter, a Message, its size and whether more follow. Returns the number of frames, or throws.
template <typename Add>
napi_value ReceiveFrames(napi_env env, Environment* environment, Socket* socket, uint32_t messages, Add add) {
  void* handle = socket->handle()->get();
  FrameWriter frames(environment);
  Message message;
  while (messages > 0 && frames.has_room()) {
    const int result = zmq_msg_recv(message.get(), handle, ZMQ_DONTWAIT);
    if (result < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      // Messages from before an error are delivered. The next call meets the error again.
      if (error == EAGAIN || frames.count() > 0) break;
      return Throw(env, error);
    }
    // The result is the size, but at most INT_MAX.
    const size_t size = result < INT_MAX ? static_cast<size_t>(result) : message.size();
    const bool more = message.more();
    socket->received.Add(size, more);
    if (!more) messages -= 1;
    add(&frames, &message, size, more);
  }
  return ToNumber(env, frames.count());
}

}  // namespace ohmq
