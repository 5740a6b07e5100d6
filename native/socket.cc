#include "socket.h"

#include <cerrno>
#include <cstring>

#include "context.h"
#include "errors.h"
#include "options.h"

namespace ohmq {
namespace {

// SendFlags in lib/native.ts.
constexpr int kMore = 1;
constexpr int kMayReference = 2;

// Larger parts are sent from the Buffer's own memory, larger frames are received without a copy.
constexpr size_t kCopyLimit = 1024;

// A bind or unbind on a pool thread. Holds the JavaScript object so that it is not collected meanwhile.
class BindWorker final : public Napi::AsyncWorker {
 public:
  BindWorker(Napi::Object owner, std::shared_ptr<SocketHandle> handle, std::string address, bool bind)
      : Napi::AsyncWorker(owner.Env(), "ohmq:bind"),
        deferred_(Napi::Promise::Deferred::New(owner.Env())),
        handle_(std::move(handle)),
        address_(std::move(address)),
        bind_(bind),
        owner_(Napi::Persistent(owner)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { error_ = bind_ ? handle_->Bind(address_) : handle_->Unbind(address_); }

  void OnOK() override {
    if (error_ == 0) {
      deferred_.Resolve(Env().Undefined());
    } else {
      deferred_.Reject(ErrnoError(Env(), error_, address_).Value());
    }
  }

 private:
  const Napi::Promise::Deferred deferred_;
  const std::shared_ptr<SocketHandle> handle_;
  const std::string address_;
  const bool bind_;
  const Napi::ObjectReference owner_;
  int error_ = 0;
};

void ThrowFor(const Napi::CallbackInfo& info, int error, const std::string& address) {
  ErrnoError(info.Env(), error, address).ThrowAsJavaScriptException();
}

}  // namespace

Napi::Function Socket::Define(Napi::Env env) {
  return DefineClass(env, "NativeSocket",
                     {
                         InstanceMethod<&Socket::CloseFromJavaScript>("close"),
                         InstanceMethod<&Socket::GetOption>("getOption"),
                         InstanceMethod<&Socket::SetOption>("setOption"),
                         InstanceMethod<&Socket::Bind>("bind"),
                         InstanceMethod<&Socket::Unbind>("unbind"),
                         InstanceMethod<&Socket::BindSync>("bindSync"),
                         InstanceMethod<&Socket::UnbindSync>("unbindSync"),
                         InstanceMethod<&Socket::Connect>("connect"),
                         InstanceMethod<&Socket::Disconnect>("disconnect"),
                         InstanceMethod<&Socket::SendBytes>("sendBytes"),
                         InstanceMethod<&Socket::SendText>("sendText"),
                         InstanceMethod<&Socket::Receive>("receive"),
                         InstanceMethod<&Socket::Events>("events"),
                         InstanceMethod<&Socket::Watch>("watch"),
                         InstanceMethod<&Socket::KeepAlive>("keepAlive"),
                     });
}

Socket::Socket(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Socket>(info), environment_(Environment::Of(info.Env())) {
  Context* context = Context::From(info[0]);
  if (context == nullptr || context->handle() == nullptr) {
    Throw(info.Env(), EINVAL);
    return;
  }
  handle_ = SocketHandle::Create(context->handle(), info[1].As<Napi::Number>());
  if (handle_ == nullptr) {
    Throw(info.Env(), zmq_errno());
    return;
  }
  zmq_fd_t descriptor;
  size_t size = sizeof descriptor;
  if (zmq_getsockopt(handle_->get(), ZMQ_FD, &descriptor, &size) != 0) {
    const int error = zmq_errno();
    handle_->Close();
    Throw(info.Env(), error);
    return;
  }
  poller_ = Poller::Create(
      environment_, descriptor, [](void* data) noexcept { static_cast<Socket*>(data)->OnPoll(); }, this);
  if (poller_ == nullptr) {
    handle_->Close();
    Throw(info.Env(), EMFILE);
    return;
  }
  environment_.Add(this);
}

void Socket::Close() noexcept {
  environment_.Remove(this);
  // Before libzmq closes the descriptor that it watches.
  poller_.reset();
  wanted_ = 0;
  if (handle_ != nullptr) handle_->Close();
}

void Socket::CloseFromJavaScript(const Napi::CallbackInfo&) {
  SetWanted(0);
  Close();
}

Napi::Value Socket::GetOption(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>();
  const auto type = static_cast<WireType>(info[1].As<Napi::Number>().Int32Value());
  const auto lock = handle_->Lock();
  return GetSocketOption(info.Env(), handle_->get(), id, type);
}

void Socket::SetOption(const Napi::CallbackInfo& info) {
  const int id = info[0].As<Napi::Number>();
  const auto type = static_cast<WireType>(info[1].As<Napi::Number>().Int32Value());
  const auto lock = handle_->Lock();
  SetSocketOption(info.Env(), handle_->get(), id, type, info[2]);
}

Napi::Value Socket::BindOnPoolThread(const Napi::CallbackInfo& info, bool bind) {
  auto* worker = new BindWorker(info.This().As<Napi::Object>(), handle_, info[0].As<Napi::String>(), bind);
  worker->Queue();
  return worker->promise();
}

Napi::Value Socket::Bind(const Napi::CallbackInfo& info) { return BindOnPoolThread(info, true); }

Napi::Value Socket::Unbind(const Napi::CallbackInfo& info) { return BindOnPoolThread(info, false); }

void Socket::BindSync(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  const int error = handle_->Bind(address);
  if (error != 0) ThrowFor(info, error, address);
}

void Socket::UnbindSync(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  const int error = handle_->Unbind(address);
  if (error != 0) ThrowFor(info, error, address);
}

void Socket::Connect(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  if (zmq_connect(handle_->get(), address.c_str()) != 0) ThrowFor(info, zmq_errno(), address);
}

void Socket::Disconnect(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  if (zmq_disconnect(handle_->get(), address.c_str()) != 0) ThrowFor(info, zmq_errno(), address);
}

Napi::Value Socket::Send(Napi::Env env, Message&& message, int flags) {
  const int zmq_flags = ZMQ_DONTWAIT | ((flags & kMore) != 0 ? ZMQ_SNDMORE : 0);
  while (zmq_msg_send(message.get(), handle_->get(), zmq_flags) < 0) {
    if (zmq_errno() == EINTR) continue;
    if (zmq_errno() == EAGAIN) return Napi::Boolean::New(env, false);
    return Throw(env, zmq_errno());
  }
  return Napi::Boolean::New(env, true);
}

Napi::Value Socket::SendBytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  size_t size = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, info[0], nullptr, &size, &data, nullptr, nullptr) != napi_ok) {
    return ThrowType(env, "Message part must be a Uint8Array");
  }
  int flags = 0;
  napi_get_value_int32(env, info[1], &flags);
  Message message;
  const bool reference = size > kCopyLimit && (flags & kMayReference) != 0 && environment_.main_thread;
  const bool ok = reference ? message.Reference(env, info[0], data, size, environment_.release_queue())
                            : message.Copy(data, size);
  if (!ok) return Throw(env, ENOMEM);
  return Send(env, std::move(message), flags);
}

Napi::Value Socket::SendText(const Napi::CallbackInfo& info) {
  int flags = 0;
  napi_get_value_int32(info.Env(), info[1], &flags);
  Message message;
  if (!message.Encode(info.Env(), info[0])) return Throw(info.Env(), ENOMEM);
  return Send(info.Env(), std::move(message), flags);
}

Napi::Value Socket::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint32_t messages = 0;
  uint32_t offset = 0;
  size_t room = 0;
  void* slab = nullptr;
  napi_get_value_uint32(env, info[0], &messages);
  napi_get_value_uint32(env, info[2], &offset);
  if (napi_get_typedarray_info(env, info[1], nullptr, &room, &slab, nullptr, nullptr) != napi_ok || offset > room) {
    return ThrowType(env, "Slab must be a Uint8Array that holds the offset");
  }
  auto* next = static_cast<char*>(slab) + offset;
  room -= offset;

  environment_.large.clear();
  environment_.large_taken = 0;
  uint32_t count = 0;
  while (messages > 0 && count < Environment::kFrames && room >= kCopyLimit) {
    Message message;
    if (zmq_msg_recv(message.get(), handle_->get(), ZMQ_DONTWAIT) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      // What came before an error is delivered; the next call meets the error again.
      if (error == EAGAIN || count > 0) break;
      return Throw(env, error);
    }
    const size_t size = message.size();
    const bool more = message.more();
    uint32_t entry = more ? 1 : 0;
    if (size > kCopyLimit) {
      entry |= 2;
      environment_.large.push_back(std::move(message));
    } else {
      if (size > 0) std::memcpy(next, message.data(), size);
      next += size;
      room -= size;
      entry |= static_cast<uint32_t>(size) << 2;
    }
    environment_.frames[count] = entry;
    count += 1;
    if (!more) messages -= 1;
  }
  return Napi::Number::New(env, count);
}

bool Socket::ReadEvents(int* events) noexcept {
  size_t size = sizeof *events;
  while (zmq_getsockopt(handle_->get(), ZMQ_EVENTS, events, &size) != 0) {
    if (zmq_errno() != EINTR) return false;
  }
  return true;
}

Napi::Value Socket::Events(const Napi::CallbackInfo& info) {
  int events = 0;
  if (!ReadEvents(&events)) return Throw(info.Env(), zmq_errno());
  return Napi::Number::New(info.Env(), events);
}

void Socket::Watch(const Napi::CallbackInfo& info) { SetWanted(info[0].As<Napi::Number>()); }

void Socket::KeepAlive(const Napi::CallbackInfo& info) {
  keep_alive_ = info[0].ToBoolean();
  poller_->KeepAlive(keep_alive_ && wanted_ != 0);
}

void Socket::SetWanted(int events) noexcept {
  wanted_ = events;
  const bool waits = events != 0;
  // Not stopped when nothing is wanted any more: mostly something will be again soon, and each start and stop is a
  // system call. OnPoll stops it should anything happen meanwhile.
  if (waits) poller_->Start();
  poller_->KeepAlive(waits && keep_alive_);
  if (waits == held_) return;
  held_ = waits;
  if (waits) {
    Ref();
  } else {
    Unref();
  }
}

void Socket::OnPoll() noexcept {
  if (wanted_ == 0) {
    poller_->Stop();
    return;
  }
  int events = 0;
  // A terminated context is an event too: the operation that waits finds out.
  if (!ReadEvents(&events)) events = wanted_;
  const int ready = events & wanted_;
  if (ready == 0) return;
  const Napi::Env env = environment_.env();
  const Napi::HandleScope scope(env);
  const Napi::Object self = Value();
  environment_.on_ready.MakeCallback(self, {self, Napi::Number::New(env, ready)});
}

}  // namespace ohmq
