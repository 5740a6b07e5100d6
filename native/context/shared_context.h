// The context that other addons get; see include/ohmq.h.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include <ohmq.h>

#include "context/context_handle.h"
#include "prelude.h"

namespace ohmq {

// Lives as long as something refers to it: a Context, external values, or addons that retain it. It holds the libzmq
// context for as long, but once that is terminated, only while an addon retains it.
class SharedContext final : public ohmq_context {
 public:
  // Starts with one reference, which the caller owns.
  explicit SharedContext(std::shared_ptr<ContextHandle> handle);

  SharedContext(const SharedContext&) = delete;
  SharedContext& operator=(const SharedContext&) = delete;

  // Returns a tagged external value, which has a reference of its own.
  Napi::Value ToExternal(Napi::Env env);

  void Terminate() noexcept;
  void Unreference() noexcept;

 private:
  ~SharedContext() = default;

  static SharedContext* Of(const ohmq_context* self);
  static void Retain(const ohmq_context* self) noexcept;
  static void Release(const ohmq_context* self) noexcept;

  std::atomic<int> references_{1};
  std::mutex mutex_;
  std::shared_ptr<ContextHandle> handle_;
  int retained_ = 0;
  bool terminated_ = false;
};

}  // namespace ohmq
