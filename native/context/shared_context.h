// The context as other addons get it: see include/ohmq.h.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include <ohmq.h>

#include "context/context_handle.h"
#include "prelude.h"

namespace ohmq {

// Lives as long as one of those who refer to it: a Context, its external values, and addons that retain it. The context
// itself is held as long, but once it is terminated only by addons that retain it.
class SharedContext final : public ohmq_context {
 public:
  // With one reference, the caller's.
  explicit SharedContext(std::shared_ptr<ContextHandle> handle);

  SharedContext(const SharedContext&) = delete;
  SharedContext& operator=(const SharedContext&) = delete;

  // An external value, tagged, with a reference of its own.
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
