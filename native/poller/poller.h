// Tells when a libzmq socket wants to be looked at.
#pragma once

#include <memory>

#include <zmq.h>

namespace ohmq {

// ZMQ_FD is edge-triggered: readable means "look at ZMQ_EVENTS", and any call on the socket may have used the edge up.
// A poller therefore says only that something may have changed; whoever starts it looks at ZMQ_EVENTS first.
class Poller {
 public:
  // Called on the JavaScript thread, for each change until stopped. May destroy the poller.
  using Callback = void (*)(void* data) noexcept;

  virtual ~Poller() = default;

  // Starting a started poller is cheap and does nothing; likewise stopping.
  virtual void Start() noexcept = 0;
  virtual void Stop() noexcept = 0;

  // Whether a started poller keeps the event loop alive. It does not at first.
  virtual void KeepAlive(bool keep) noexcept = 0;
};

}  // namespace ohmq
