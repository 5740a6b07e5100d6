// Returns buffers to JavaScript when libzmq's threads release them.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "prelude.h"

namespace ohmq {

// A message may refer to a buffer of JavaScript. libzmq frees the message on any of its threads, where Node-API must
// not be called. So the reference to the buffer goes into this queue, and the environment empties the queue. Each item
// holds the queue: an item that is released after the environment's end finds it closed, and does nothing.
class ReleaseQueue : public std::enable_shared_from_this<ReleaseQueue> {
 public:
  struct Item {
    std::shared_ptr<ReleaseQueue> queue;
    napi_ref reference;
  };

  // JavaScript thread only. Null on failure.
  Item* Hold(napi_env env, napi_value value);

  // Any thread.
  static void Release(Item* item) noexcept;

  // JavaScript thread only, when the environment ends. The runtime then frees what is still held.
  void Close() noexcept;

 private:
  void Empty(napi_env env) noexcept;

  std::mutex mutex_;
  std::vector<napi_ref> released_;
  napi_threadsafe_function wake_ = nullptr;
  bool closed_ = false;
};

}  // namespace ohmq
