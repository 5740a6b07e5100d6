#include "context/termination_promise.h"

#include <cerrno>

#include "errors.h"

namespace ohmq {

std::shared_ptr<Termination> Termination::Create(Environment& environment) {
  auto termination = std::make_shared<Termination>(environment);
  // The function holds the termination, too, because it settles it after the other thread has released it.
  auto* self = new std::shared_ptr<Termination>(termination);
  const napi_status status = napi_create_threadsafe_function(
      environment.env(), nullptr, nullptr, Napi::String::New(environment.env(), "ohmq:terminate"), 0, 1, self,
      [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Termination>*>(data); }, self,
      [](napi_env env, napi_value, void* context, void*) {
        if (env != nullptr) (*static_cast<std::shared_ptr<Termination>*>(context))->Settle();
      },
      &termination->function_);
  if (status != napi_ok) {
    delete self;
    termination->Fail();
  }
  return termination;
}

Termination::Termination(Environment& environment) : environment_(environment), done_(environment.env()) {
  environment_.Add(this);
}

void Termination::Ended() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Termination::Settle() noexcept {
  const Napi::HandleScope scope(environment_.env());
  done_.Resolve();
  Close();
}

void Termination::Fail() {
  function_ = nullptr;
  done_.Reject(ErrnoError(environment_.env(), ENOMEM).Value());
  Close();
}

void Termination::Close() noexcept {
  environment_.Remove(this);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(function_, napi_tsfn_release);
  function_ = nullptr;
}

}  // namespace ohmq
