// The wrapped class behind lib/socket/socket.ts.
#pragma once

#include <memory>

#include "environment/environment.h"
#include "poller/poller.h"
#include "prelude.h"
#include "socket/socket_handle.h"
#include "socket/socket_signal.h"

namespace ohmq {

// Converts and calls; lib/socket/socket.ts decides. It makes sure that nothing but options and Close is called while a
// bind or unbind is under way, and nothing at all after Close.
class Socket final : public Napi::ObjectWrap<Socket>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // The socket behind a NativeSocket, or null.
  static Socket* From(Napi::Value value);

  // new NativeSocket(context: NativeContext, type: number)
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override { Close(); }

  const std::shared_ptr<SocketHandle>& handle() const { return handle_; }
  bool reads_monitor() const { return reads_monitor_; }

  // ZMQ_EVENTS. False on failure; errno tells.
  bool ReadEvents(int* events) noexcept;
  // What the socket waits for from now on, 0 for nothing. Returns whether to look at ZMQ_EVENTS again.
  bool Watch(int events) noexcept;

  // Idempotent. Runs in JavaScript's close(), in the garbage collector, and at the environment's end.
  void Close() noexcept override;

 private:
  // close(): void
  void CloseFromJavaScript(const Napi::CallbackInfo& info);

  // getOption(id: number, type: WireType): unknown; setOption(id: number, type: WireType, value: unknown): void
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  // isSecretKey(key: string | null): boolean
  Napi::Value IsSecretKey(const Napi::CallbackInfo& info);

  // bind(address: string): Promise<void> and unbind run on a pool thread: both may look up names.
  Napi::Value Bind(const Napi::CallbackInfo& info);
  Napi::Value Unbind(const Napi::CallbackInfo& info);
  // bindSync(address: string): void, and so on.
  void BindSync(const Napi::CallbackInfo& info);
  void UnbindSync(const Napi::CallbackInfo& info);
  void Connect(const Napi::CallbackInfo& info);
  void Disconnect(const Napi::CallbackInfo& info);

  // keepAlive(keep: boolean): void
  void KeepAlive(const Napi::CallbackInfo& info);

  // hasPeer(routingId: Uint8Array): boolean | undefined. Of a ROUTER or STREAM; undefined where libzmq cannot tell.
  Napi::Value HasPeer(const Napi::CallbackInfo& info);

  // monitor(address: string | null): void. Tells its events to a PAIR at an inproc address, or to nobody any more.
  void Monitor(const Napi::CallbackInfo& info);

  // readMonitor(address: string): void. On that PAIR. From then on only close() of JavaScript closes it: at the end of
  // its environment the context takes it over.
  void ReadMonitor(const Napi::CallbackInfo& info);

  Napi::Value BindOnPoolThread(const Napi::CallbackInfo& info, bool bind);
  // The descriptor that tells when to look at ZMQ_EVENTS. False on failure; errno tells.
  bool OpenDescriptor(zmq_fd_t* descriptor);
  void OnPoll() noexcept;

  Environment& environment_;
  std::shared_ptr<SocketHandle> handle_;
  std::unique_ptr<SocketSignal> signal_;  // of a thread-safe socket only
  std::unique_ptr<Poller> poller_;
  uint32_t slot_ = 0;
  int wanted_ = 0;
  bool keep_alive_ = true;
  bool reads_monitor_ = false;
  bool held_ = false;  // this holds a reference to its own JavaScript object
};

}  // namespace ohmq
