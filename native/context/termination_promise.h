// A promise for the end of a context. Another thread ends the context.
#pragma once

#include <memory>
#include <mutex>

#include "deferred.h"
#include "environment/environment.h"
#include "prelude.h"

namespace ohmq {

// Keeps the event loop alive until the promise is settled. If the environment ends first, it is never settled.
class Termination final : public Resource {
 public:
  // If the runtime cannot create the function that reports the end, the promise is rejected with ENOMEM at once.
  static std::shared_ptr<Termination> Create(Environment& environment);

  explicit Termination(Environment& environment);

  Napi::Value promise() const { return done_.promise(); }

  // Any thread may call this, once.
  void Ended() noexcept;

  void Close() noexcept override;

 private:
  void Settle() noexcept;
  void Fail();

  Environment& environment_;
  const Deferred done_;
  // Guards function_, which is null once the environment ends.
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace ohmq
