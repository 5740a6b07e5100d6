// A promise that C++ settles later.
#pragma once

#include "prelude.h"

namespace ohmq {

// Replaces Napi::Promise::Deferred, which holds garbage if no promise can be created, as in a worker thread that is
// being terminated.
class Deferred {
 public:
  explicit Deferred(napi_env env) noexcept : env_(env) {
    if (napi_create_promise(env, &deferred_, &promise_) == napi_ok) return;
    deferred_ = nullptr;
    promise_ = nullptr;
  }

  // Only within the handle scope that this was created in. Empty if no promise could be created.
  Napi::Value promise() const { return Napi::Value(env_, promise_); }

  // Call one of the two, once. Without a promise they do nothing.
  void Resolve() const noexcept {
    napi_value nothing = nullptr;
    if (deferred_ != nullptr && napi_get_undefined(env_, &nothing) == napi_ok) {
      napi_resolve_deferred(env_, deferred_, nothing);
    }
  }
  void Reject(napi_value reason) const noexcept {
    if (deferred_ != nullptr) napi_reject_deferred(env_, deferred_, reason);
  }

 private:
  napi_env env_;
  napi_deferred deferred_ = nullptr;
  napi_value promise_ = nullptr;
};

}  // namespace ohmq
