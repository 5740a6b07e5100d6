// A promise for the end of a context, which another thread brings about.
#pragma once

#include <memory>
#include <mutex>

#include "deferred.h"
#include "environment/environment.h"
#include "prelude.h"

namespace ohmq {

// Keeps the event loop alive until it is settled. If the environment ends first, it is not settled any more.
class Termination final : public Resource {
 public:
  // If nobody can be told of the end, the promise is rejected with ENOMEM at once.
  static std::shared_ptr<Termination> Create(Environment& environment);

  explicit Termination(Environment& environment);

  Napi::Value promise() const { return done_.promise(); }

  // Any thread, once.
  void Ended() noexcept;

  void Close() noexcept override;

 private:
  void Settle() noexcept;
  void Fail();

  Environment& environment_;
  const Deferred done_;
  // Guards what is below, which is null once the environment ends.
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace ohmq
