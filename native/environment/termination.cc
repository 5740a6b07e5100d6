#include "environment/termination.h"

namespace ohmq {

std::shared_ptr<Termination> Termination::Create(Environment& environment) {
  auto termination = std::make_shared<Termination>(environment);
  // The function holds the termination too: it settles it after the thread has let go.
  auto* self = new std::shared_ptr<Termination>(termination);
  napi_create_threadsafe_function(
      environment.env(), nullptr, nullptr, Napi::String::New(environment.env(), "ohmq:terminate"), 0, 1, self,
      [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Termination>*>(data); }, self,
      [](napi_env env, napi_value, void* context, void*) {
        if (env != nullptr) (*static_cast<std::shared_ptr<Termination>*>(context))->Settle();
      },
      &termination->function_);
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

void Termination::Close() noexcept {
  environment_.Remove(this);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(function_, napi_tsfn_release);
  function_ = nullptr;
}

}  // namespace ohmq
