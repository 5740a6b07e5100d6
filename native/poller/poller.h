// Reports when the state of a libzmq socket may have changed.
#pragma once

#include <memory>

#include <zmq.h>

namespace ohmq {

// ZMQ_FD is edge-triggered: readable means "read ZMQ_EVENTS", and any call on the socket may consume the edge. So a
// poller only reports that something may have changed. Read ZMQ_EVENTS before you start it.
class Poller {
 public:
  // Called on the JavaScript thread for each change, until the poller is stopped. May destroy the poller.
  using Callback = void (*)(void* data) noexcept;

  virtual ~Poller() = default;

  // Starting a started poller does nothing, and is cheap. So is stopping a stopped one.
  virtual void Start() noexcept = 0;
  virtual void Stop() noexcept = 0;

  // Whether a started poller keeps the event loop alive. It does not at first.
  virtual void KeepAlive(bool keep) noexcept = 0;
};

}  // namespace ohmq
