#include "socket/socket.h"

#include <cerrno>

#include "context/context.h"
#include "deferred.h"
#include "errors.h"
#include "socket/curve.h"
#include "socket/options.h"

namespace ohmq {
namespace {

const napi_type_tag kTag = TypeTag(0x6f686d71736f636b);

// A bind or unbind on a pool thread. It keeps the JavaScript object alive meanwhile.
class BindWorker final : public Napi::AsyncWorker {
 public:
  BindWorker(Napi::Object owner, const Deferred& deferred, std::shared_ptr<SocketHandle> handle, std::string address,
             bool bind)
      : Napi::AsyncWorker(owner.Env(), "ohmq:bind"),
        deferred_(deferred),
        handle_(std::move(handle)),
        address_(std::move(address)),
        bind_(bind),
        owner_(Napi::Persistent(owner)) {}

  void Execute() override { error_ = bind_ ? handle_->Bind(address_) : handle_->Unbind(address_); }

  void OnOK() override {
    if (error_ == 0) {
      deferred_.Resolve();
    } else {
      deferred_.Reject(ErrnoError(Env(), error_, address_).Value());
    }
  }

 private:
  const Deferred deferred_;
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
                         InstanceMethod<&Socket::IsSecretKey>("isSecretKey"),
                         InstanceMethod<&Socket::Bind>("bind"),
                         InstanceMethod<&Socket::Unbind>("unbind"),
                         InstanceMethod<&Socket::BindSync>("bindSync"),
                         InstanceMethod<&Socket::UnbindSync>("unbindSync"),
                         InstanceMethod<&Socket::Connect>("connect"),
                         InstanceMethod<&Socket::Disconnect>("disconnect"),
                         InstanceMethod<&Socket::KeepAlive>("keepAlive"),
                         InstanceMethod<&Socket::Traffic>("traffic"),
                         InstanceMethod<&Socket::HasPeer>("hasPeer"),
                         InstanceMethod<&Socket::Monitor>("monitor"),
                         InstanceMethod<&Socket::ReadMonitor>("readMonitor"),
                     });
}

Socket* Socket::From(Napi::Value value) {
  if (!value.IsObject()) return nullptr;
  bool ours = false;
  napi_check_object_type_tag(value.Env(), value, &kTag, &ours);
  return ours ? Unwrap(value.As<Napi::Object>()) : nullptr;
}

Socket::Socket(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Socket>(info), environment_(Environment::Of(info.Env())) {
  Context* context = Context::From(info[0]);
  if (context == nullptr) {
    ThrowForeign(info.Env(), "context");
    return;
  }
  if (context->handle() == nullptr) {
    Throw(info.Env(), EINVAL);
    return;
  }
  handle_ = SocketHandle::Create(context->handle(), info[1].As<Napi::Number>());
  if (handle_ == nullptr) {
    Throw(info.Env(), zmq_errno());
    return;
  }
  zmq_fd_t descriptor;
  if (!OpenDescriptor(&descriptor)) {
    const int error = zmq_errno();
    handle_->Close();
    Throw(info.Env(), error);
    return;
  }
  poller_ = environment_.CreatePoller(
      descriptor, [](void* data) noexcept { static_cast<Socket*>(data)->OnPoll(); }, this);
  if (poller_ == nullptr) {
    signal_.reset();
    handle_->Close();
    Throw(info.Env(), EMFILE);
    return;
  }
  environment_.Add(this);
  napi_type_tag_object(info.Env(), info.This(), &kTag);
  slot_ = environment_.TakeSlot(this);
  info.This().As<Napi::Object>().Set("slot", Napi::Number::New(info.Env(), slot_));
}

bool Socket::OpenDescriptor(zmq_fd_t* descriptor) {
  if (SocketSignal::IsNeededBy(handle_->get())) {
    signal_ = SocketSignal::Create(handle_->get());
    if (signal_ == nullptr) return false;
    *descriptor = signal_->descriptor();
    return true;
  }
  size_t size = sizeof *descriptor;
  return zmq_getsockopt(handle_->get(), ZMQ_FD, descriptor, &size) == 0;
}

void Socket::Close() noexcept {
  if (poller_ == nullptr) return;
  environment_.Remove(this);
  environment_.FreeSlot(slot_);
  // Before libzmq closes the descriptor that the poller watches.
  poller_.reset();
  signal_.reset();
  wanted_ = 0;
  if (reads_monitor_) {
    handle_->LeaveToContext();
  } else {
    handle_->Close();
  }
}

void Socket::CloseFromJavaScript(const Napi::CallbackInfo&) {
  if (poller_ != nullptr) Watch(0);
  reads_monitor_ = false;
  Close();
}

Napi::Value Socket::HasPeer(const Napi::CallbackInfo& info) {
#ifdef ZMQ_BUILD_DRAFT_API
  // Makes libzmq notice peers that have just connected.
  int events = 0;
  ReadEvents(&events);
  const auto name = info[0].As<Napi::Uint8Array>();
  const bool has = zmq_socket_get_peer_state(handle_->get(), name.Data(), name.ByteLength()) >= 0;
  if (has || zmq_errno() != ENOTSUP) return Napi::Boolean::New(info.Env(), has);
#endif
  return info.Env().Undefined();
}

void Socket::Monitor(const Napi::CallbackInfo& info) {
  const std::string address = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
  const char* endpoint = address.empty() ? nullptr : address.c_str();
  const int wanted = IsTrue(info[1]) ? ZMQ_EVENT_MONITOR_STOPPED : ZMQ_EVENT_ALL;
  const int events = endpoint == nullptr ? 0 : wanted;
  // libzmq has its own lock for this, so it may run during a bind.
#ifdef ZMQ_BUILD_DRAFT_API
  const int rc = zmq_socket_monitor_versioned(handle_->get(), endpoint, static_cast<uint64_t>(events), 2, ZMQ_PAIR);
#else
  const int rc = zmq_socket_monitor(handle_->get(), endpoint, events);
#endif
  if (rc != 0) Throw(info.Env(), zmq_errno());
}

void Socket::ReadMonitor(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>();
  // No limit: at a limit, libzmq's I/O thread would wait for this reader, and every socket of the context with it.
  const int unlimited = 0;
  if (zmq_setsockopt(handle_->get(), ZMQ_RCVHWM, &unlimited, sizeof unlimited) != 0 ||
      zmq_connect(handle_->get(), address.c_str()) != 0) {
    Throw(info.Env(), zmq_errno());
    return;
  }
  reads_monitor_ = true;
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

Napi::Value Socket::IsSecretKey(const Napi::CallbackInfo& info) {
  const auto lock = handle_->Lock();
  return ohmq::IsSecretKey(info.Env(), handle_->get(), info[0]);
}

Napi::Value Socket::BindOnPoolThread(const Napi::CallbackInfo& info, bool bind) {
  std::string address = info[0].As<Napi::String>();
  const Deferred deferred(info.Env());
  if (deferred.promise().IsEmpty()) return Napi::Value();
  auto* worker = new BindWorker(info.This().As<Napi::Object>(), deferred, handle_, std::move(address), bind);
  worker->Queue();
  // The worker deletes itself when it is done.
  return deferred.promise();  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
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

bool Socket::ReadEvents(int* events) noexcept {
  size_t size = sizeof *events;
  while (zmq_getsockopt(handle_->get(), ZMQ_EVENTS, events, &size) != 0) {
    if (zmq_errno() != EINTR) return false;
  }
  return true;
}

void Socket::KeepAlive(const Napi::CallbackInfo& info) {
  keep_alive_ = IsTrue(info[0]);
  if (poller_ != nullptr) poller_->KeepAlive(keep_alive_ && wanted_ != 0);
}

Napi::Value Socket::Traffic(const Napi::CallbackInfo& info) {
  const Napi::Array numbers = Napi::Array::New(info.Env());
  uint32_t index = 0;
  for (const uint64_t number : {sent.messages(), sent.bytes(), received.messages(), received.bytes()}) {
    numbers.Set(index, Napi::Number::New(info.Env(), static_cast<double>(number)));
    index += 1;
  }
  return numbers;
}

bool Socket::Watch(int events) noexcept {
  wanted_ = events;
  const bool waits = events != 0;
  // Does not stop the poller when the socket waits for nothing: usually it waits again soon, and each start and stop is
  // a system call. OnPoll stops the poller if something happens meanwhile.
  if (waits) poller_->Start();
  poller_->KeepAlive(waits && keep_alive_);
  if (waits != held_) {
    held_ = waits;
    if (waits) {
      Ref();
    } else {
      Unref();
    }
  }
  if (signal_ == nullptr) return false;
  if (!waits) {
    signal_->Stop();
    return false;
  }
  signal_->Start();
  int ready = 0;
  return !ReadEvents(&ready) || (ready & events) != 0;
}

void Socket::OnPoll() noexcept {
  if (wanted_ == 0) {
    poller_->Stop();
    return;
  }
  if (signal_ != nullptr) signal_->Take();
  int events = wanted_;
  // If only a receive waits, it is called without a check, because it costs less to let it find out. A terminated
  // context is an event, too.
  if (wanted_ != ZMQ_POLLIN && !ReadEvents(&events)) events = wanted_;
  const int ready = events & wanted_;
  if (ready == 0) return;
  const Napi::Env env = environment_.env();
  const Napi::HandleScope scope(env);
  const Napi::Object self = Value();
  // The method of this object, because each evaluation of the JavaScript serves its own sockets. Fails in a worker
  // thread that is being terminated.
  napi_value on_ready = nullptr;
  if (napi_get_named_property(env, self, "onReady", &on_ready) != napi_ok) return;
  const napi_value argument = Napi::Number::New(env, ready);
  // Without libuv, a thread-safe function called this and has its own callback scope. Deno 2.9 crashes in
  // napi_make_callback.
  const napi_status status = environment_.has_uv()
                                 ? napi_make_callback(env, nullptr, self, on_ready, 1, &argument, nullptr)
                                 : napi_call_function(env, self, on_ready, 1, &argument, nullptr);
  if (status == napi_pending_exception) {
    napi_value exception = nullptr;
    napi_get_and_clear_last_exception(env, &exception);
    napi_fatal_exception(env, exception);
  }
}

}  // namespace ohmq
