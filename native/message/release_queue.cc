#include "message/release_queue.h"

namespace ohmq {

ReleaseQueue::Item* ReleaseQueue::Hold(napi_env env, napi_value value) {
  if (wake_ == nullptr) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, "ohmq:release", NAPI_AUTO_LENGTH, &name);
    const napi_status status = napi_create_threadsafe_function(
        env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
        [](napi_env environment, napi_value, void* context, void*) {
          if (environment != nullptr) static_cast<ReleaseQueue*>(context)->Empty(environment);
        },
        &wake_);
    if (status != napi_ok) return nullptr;
    // Buffers that libzmq still reads do not keep the event loop alive.
    napi_unref_threadsafe_function(env, wake_);
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(env, value, 1, &reference) != napi_ok) return nullptr;
  return new Item{shared_from_this(), reference};
}

void ReleaseQueue::Release(Item* item) noexcept {
  const std::shared_ptr<ReleaseQueue> queue = std::move(item->queue);
  {
    const std::lock_guard<std::mutex> lock(queue->mutex_);
    if (!queue->closed_) {
      // While the queue is not empty, one call is pending.
      if (queue->released_.empty()) napi_call_threadsafe_function(queue->wake_, nullptr, napi_tsfn_nonblocking);
      queue->released_.push_back(item->reference);
    }
  }
  delete item;
}

void ReleaseQueue::Empty(napi_env env) noexcept {
  std::vector<napi_ref> released;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    released.swap(released_);
  }
  for (napi_ref reference : released) napi_delete_reference(env, reference);
}

void ReleaseQueue::Close() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  released_.clear();
  if (wake_ != nullptr) napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  wake_ = nullptr;
}

}  // namespace ohmq
