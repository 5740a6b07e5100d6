// Brings back to JavaScript what libzmq's threads let go of.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "prelude.h"

namespace ohmq {

// A message that refers to a JavaScript buffer is freed on whatever thread libzmq is done with it, where Node-API must
// not be touched. The buffer's reference goes into this queue, which its environment empties. Items hold the queue, so
// that one which comes back after the environment's end finds it closed and does nothing.
class ReleaseQueue : public std::enable_shared_from_this<ReleaseQueue> {
 public:
  struct Item {
    std::shared_ptr<ReleaseQueue> queue;
    napi_ref reference;
  };

  // JavaScript thread. Null on failure.
  Item* Hold(napi_env env, napi_value value);

  // Any thread.
  static void Release(Item* item) noexcept;

  // JavaScript thread, at the end of the environment. What is still held is then freed by the runtime.
  void Close() noexcept;

 private:
  void Empty(napi_env env) noexcept;

  std::mutex mutex_;
  std::vector<napi_ref> released_;
  napi_threadsafe_function wake_ = nullptr;
  bool closed_ = false;
};

}  // namespace ohmq
