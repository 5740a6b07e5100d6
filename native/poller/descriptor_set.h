// The descriptors that the poll thread waits for.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <zmq.h>

namespace ohmq {

// It uses epoll on Linux (descriptor_set_epoll.cc) and poll elsewhere (descriptor_set_poll.cc).
class DescriptorSet {
 public:
  // Null if the system has no descriptors left.
  static std::unique_ptr<DescriptorSet> Create();

  virtual ~DescriptorSet() = default;

  // Any thread may call these, also while another one waits. Wait reports a descriptor once each time it is armed, as
  // soon as it is readable. A new descriptor is not armed. Keys are above 0, and are never used again.
  virtual bool Add(zmq_fd_t descriptor, uint64_t key) noexcept = 0;
  virtual void Arm(zmq_fd_t descriptor, uint64_t key) noexcept = 0;
  // Wait may still report its key once.
  virtual void Remove(zmq_fd_t descriptor) noexcept = 0;

  // Makes Wait return false, now and in every later call.
  virtual void Interrupt() noexcept = 0;

  // For one thread only. Appends the keys of the armed descriptors that are readable, and disarms them.
  // Also returns false when the system fails, which may be temporary.
  virtual bool Wait(std::vector<uint64_t>* keys) noexcept = 0;
};

}  // namespace ohmq
