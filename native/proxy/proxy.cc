#include "proxy/proxy.h"

#include <cerrno>

#include "errors.h"
#include "socket/socket.h"

namespace ohmq {

Napi::Function Proxy::Define(Napi::Env env) {
  return DefineClass(env, "NativeProxy",
                     {InstanceMethod<&Proxy::Start>("start"), InstanceMethod<&Proxy::Send>("send"),
                      InstanceMethod<&Proxy::Statistics>("statistics")});
}

Proxy::Proxy(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Proxy>(info), environment_(Environment::Of(info.Env())) {
  Socket* front = Socket::From(info[0]);
  Socket* back = Socket::From(info[1]);
  Socket* capture = Socket::From(info[2]);
  if (front == nullptr || back == nullptr || (capture == nullptr && info[2].IsObject())) {
    ThrowForeign(info.Env(), "socket");
    return;
  }
  thread_ =
      std::make_unique<ProxyThread>(front->handle(), back->handle(), capture == nullptr ? nullptr : capture->handle());
  environment_.AddFirst(this);
}

// When the environment ends, the promise is never settled.
void Proxy::Close() noexcept {
  // The environment may be gone by the time of a second call.
  if (closed_) return;
  closed_ = true;
  environment_.Remove(this);
  if (thread_ != nullptr) thread_->Stop();
}

Napi::Value Proxy::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  done_ = std::make_unique<Deferred>(env);
  const Napi::Value promise = done_->promise();
  if (promise.IsEmpty()) return promise;
  napi_value name = Napi::String::New(env, "ohmq:proxy");
  // The function keeps the process alive. Ref() keeps this object alive until Ended.
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
      [](napi_env environment, napi_value, void* context, void*) {
        if (environment != nullptr) static_cast<Proxy*>(context)->Ended(environment);
      },
      &ended_);
  if (status != napi_ok) {
    done_->Reject(ErrnoError(env, ENOMEM).Value());
    return promise;
  }
  Ref();
  const int error = thread_->Start([this](int result) {
    result_ = result;
    napi_call_threadsafe_function(ended_, nullptr, napi_tsfn_blocking);
  });
  if (error != 0) {
    result_ = error;
    Ended(env);
  }
  return promise;
}

void Proxy::Ended(Napi::Env env) {
  const Napi::HandleScope scope(env);
  thread_->Stop();
  napi_release_threadsafe_function(ended_, napi_tsfn_release);
  if (result_ == 0) {
    done_->Resolve();
  } else {
    done_->Reject(ErrnoError(env, result_).Value());
  }
  Unref();
}

void Proxy::Send(const Napi::CallbackInfo& info) {
  const int error = thread_->Send(static_cast<ProxyCommand>(info[0].As<Napi::Number>().Int32Value()));
  if (error != 0) Throw(info.Env(), error);
}

Napi::Value Proxy::Statistics(const Napi::CallbackInfo& info) {
  const Napi::Array numbers = Napi::Array::New(info.Env());
  uint32_t index = 0;
  for (const std::atomic<uint64_t>& number : thread_->statistics()) {
    numbers.Set(index, Napi::Number::New(info.Env(), static_cast<double>(number.load())));
    index += 1;
  }
  return numbers;
}

}  // namespace ohmq
