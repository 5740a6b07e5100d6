#include "context/context.h"

#include <cerrno>
#include <string>

#include <zmq.h>

#include "context/shared_context.h"
#include "context/termination_promise.h"
#include "errors.h"
#include "interface.h"
#include "socket/socket.h"

namespace ohmq {
namespace {

const napi_type_tag kTag = TypeTag(0x6f686d7143747801);

Napi::Value GetContextOption(Napi::Env env, void* context, int id, WireType type) {
#ifdef ZMQ_BUILD_DRAFT_API
  if (type == WireType::kString) {
    char text[64] = {};
    size_t size = sizeof text;
    if (zmq_ctx_get_ext(context, id, text, &size) != 0) return Throw(env, zmq_errno());
    return text[0] == '\0' ? env.Null() : Napi::Value(Napi::String::New(env, text));
  }
#endif
  errno = 0;
  const int value = zmq_ctx_get(context, id);
  // -1 is also the value of an option that was never set, such as the scheduling policy.
  if (value < 0 && zmq_errno() != 0) return Throw(env, zmq_errno());
  return type == WireType::kBool ? Napi::Value(Napi::Boolean::New(env, value != 0))
                                 : Napi::Value(Napi::Number::New(env, value));
}

void SetContextOption(Napi::Env env, void* context, int id, WireType type, Napi::Value value) {
  int rc = 0;
  if (type == WireType::kString) {
#ifdef ZMQ_BUILD_DRAFT_API
    std::string text;
    if (value.IsString()) {
      text = value.As<Napi::String>().Utf8Value();
    } else if (value.IsTypedArray()) {
      const auto bytes = value.As<Napi::Uint8Array>();
      text.assign(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
    }
    // libzmq reads a value of the size of an int as an int, so a text of that length is passed with its NUL.
    const size_t size = text.size() == sizeof(int) ? text.size() + 1 : text.size();
    rc = zmq_ctx_set_ext(context, id, text.c_str(), size);
#else
    rc = -1;
    errno = EINVAL;
#endif
  } else {
    const int number =
        type == WireType::kBool ? (value.As<Napi::Boolean>() ? 1 : 0) : value.As<Napi::Number>().Int32Value();
    rc = zmq_ctx_set(context, id, number);
  }
  if (rc != 0) Throw(env, zmq_errno());
}

}  // namespace

Napi::Function Context::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeContext",
      {InstanceMethod<&Context::GetOption>("getOption"), InstanceMethod<&Context::SetOption>("setOption"),
       InstanceMethod<&Context::Sockets>("sockets"), InstanceMethod<&Context::Terminate>("terminate"),
       InstanceMethod<&Context::Share>("share"), InstanceMethod<&Context::Is>("is")});
}

Context* Context::From(Napi::Value value) {
  if (!value.IsObject()) return nullptr;
  bool ours = false;
  napi_check_object_type_tag(value.Env(), value, &kTag, &ours);
  return ours ? Unwrap(value.As<Napi::Object>()) : nullptr;
}

Context::Context(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Context>(info), environment_(Environment::Of(info.Env())) {
  const bool shared = IsTrue(info[0]);
  handle_ = shared ? environment_.default_context() : ContextHandle::Create();
  if (handle_ == nullptr) {
    Throw(info.Env(), zmq_errno());
    return;
  }
  napi_type_tag_object(info.Env(), info.This(), &kTag);
  environment_.Add(this);
}

void Context::Close() noexcept {
  // The environment may be gone by the time of a second call.
  if (handle_ == nullptr) return;
  if (shared_ != nullptr) {
    // External values are collected only after the environment has ended, and that waits for the context.
    if (environment_.closing()) shared_->Terminate();
    shared_->Unreference();
    shared_ = nullptr;
  }
  environment_.Remove(this);
  handle_.reset();
}

Napi::Value Context::GetOption(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>();
  const auto type = static_cast<WireType>(info[1].As<Napi::Number>().Int32Value());
  return GetContextOption(info.Env(), handle_->get(), id, type);
}

void Context::SetOption(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>();
  const auto type = static_cast<WireType>(info[1].As<Napi::Number>().Int32Value());
  SetContextOption(info.Env(), handle_->get(), id, type, info[2]);
}

Napi::Value Context::Sockets(const Napi::CallbackInfo& info) {
  const bool readers = IsTrue(info[0]);
  Napi::Array owners = Napi::Array::New(info.Env());
  environment_.ForEachSocket([&](Socket* socket) {
    if (socket->handle()->context() != handle_ || socket->reads_monitor() != readers) return;
    const Napi::Object wrapper = socket->Value();
    // Empty between the collection of a socket and its finalizer, which closes the socket.
    if (!wrapper.IsEmpty()) owners.Set(owners.Length(), wrapper.Get("owner"));
  });
  return owners;
}

Napi::Value Context::Terminate(const Napi::CallbackInfo&) {
  auto termination = Termination::Create(environment_);
  const Napi::Value promise = termination->promise();
  handle_->Terminate([termination = std::move(termination)] { termination->Ended(); });
  if (shared_ != nullptr) shared_->Terminate();
  Close();
  return promise;
}

Napi::Value Context::Is(const Napi::CallbackInfo& info) {
  const Context* other = From(info[0]);
  return Napi::Boolean::New(info.Env(), other != nullptr && other->handle_ == handle_);
}

Napi::Value Context::Share(const Napi::CallbackInfo& info) {
  if (shared_ == nullptr) shared_ = new SharedContext(handle_);
  return shared_->ToExternal(info.Env());
}

}  // namespace ohmq
