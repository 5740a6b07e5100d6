// Descriptors that one thread waits for, for runtimes without libuv.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <zmq.h>

namespace ohmq {

// epoll on Linux (descriptor_set_epoll.cc), poll elsewhere (descriptor_set_poll.cc).
class DescriptorSet {
 public:
  // Null when the system has no descriptors left.
  static std::unique_ptr<DescriptorSet> Create();

  virtual ~DescriptorSet() = default;

  // Any thread, also while another one waits. A descriptor is told of once for each time that it is armed, as soon as
  // it is readable; at first it is not armed. Keys are above 0, and are not used again.
  virtual bool Add(zmq_fd_t descriptor, uint64_t key) noexcept = 0;
  virtual void Arm(zmq_fd_t descriptor, uint64_t key) noexcept = 0;
  // Its key may still be told once.
  virtual void Remove(zmq_fd_t descriptor) noexcept = 0;

  // Makes Wait return false, now and whenever it is called again.
  virtual void Interrupt() noexcept = 0;

  // The one thread. Appends the keys of armed descriptors that are readable, which are not armed any more.
  // False is for errors of the system too, which may pass.
  virtual bool Wait(std::vector<uint64_t>* keys) noexcept = 0;
};

}  // namespace ohmq
