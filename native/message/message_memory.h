// Memory for the bytes of small messages that are to be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <zmq.h>

#include "interface.h"

namespace ohmq {

// libzmq allocates the bytes of each message on the thread that sends, and frees them on an I/O thread; at 100 bytes
// the two spend a third of their time in the allocator, much of it waiting for one another. Here messages are cut one
// after the other from slabs, and a slab is used again when its last message is gone. One thread allocates, any thread
// frees.
class MessageMemory {
 public:
  // The largest message that is cut from a slab. A message that waits in a queue keeps its slab, so slabs are small.
  static constexpr size_t kLargest = kCopyLimit;

  MessageMemory();
  ~MessageMemory();

  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;

  // Makes an empty message one of so many bytes, still to be written. False when memory runs out: it is empty then.
  bool Allocate(zmq_msg_t* message, size_t size) noexcept;

 private:
  struct Slab;
  class Spares;

  bool Cut(zmq_msg_t* message, size_t size) noexcept;
  void Retire() noexcept;
  static void Release(void* data, void* hint);

  // What libzmq needs before the bytes of each message.
  const size_t content_size_;
  const std::shared_ptr<Spares> spares_;
  Slab* slab_ = nullptr;
  size_t used_ = 0;
  int64_t cut_ = 0;
};

}  // namespace ohmq
