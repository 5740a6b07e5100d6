// Memory for the bytes of small messages to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <zmq.h>

#include "interface.h"

namespace ohmq {

// libzmq allocates the bytes of each message on the thread that sends it, and frees them on an I/O thread. At 100 bytes
// the two spend a third of their time in the allocator, much of it waiting for each other. This class cuts messages
// from slabs instead, and uses a slab again when its last message is gone. One thread allocates, any thread frees.
class MessageMemory {
 public:
  // The largest message that is cut from a slab. Slabs are small, because a message that waits in a queue keeps its
  // slab.
  static constexpr size_t kLargest = kCopyLimit;

  MessageMemory();
  ~MessageMemory();

  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;

  // Gives an empty message this many bytes, which the caller writes. Returns false when memory runs out; the message
  // stays empty then.
  bool Allocate(zmq_msg_t* message, size_t size) noexcept;

 private:
  struct Slab;
  class Spares;

  bool Cut(zmq_msg_t* message, size_t size) noexcept;
  void Retire() noexcept;
  static void Release(void* data, void* hint);

  // How much libzmq needs before the bytes of each message.
  const size_t content_size_;
  const std::shared_ptr<Spares> spares_;
  Slab* slab_ = nullptr;
  size_t used_ = 0;
  int64_t cut_ = 0;
};

}  // namespace ohmq
