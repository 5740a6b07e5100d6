// The wrapped class behind lib/socket/socket.ts.
#pragma once

#include <memory>

#include "environment/environment.h"
#include "poller/poller.h"
#include "prelude.h"
#include "socket/socket_handle.h"
#include "socket/socket_signal.h"

namespace ohmq {

// Converts and calls; lib/socket/socket.ts decides. It makes sure that nothing but options and Close is called while a bind or
// unbind is under way, and nothing at all after Close.
class Socket final : public Napi::ObjectWrap<Socket>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // Adds the functions of the hot path to the addon's exports. Their first argument is the `slot` of an open socket.
  static void DefineHotPath(Napi::Env env, Napi::Object exports);

  // The socket behind a NativeSocket, or null.
  static Socket* From(Napi::Value value);

  // new NativeSocket(context: NativeContext, type: number)
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override { Close(); }

  const std::shared_ptr<SocketHandle>& handle() const { return handle_; }
  bool reads_monitor() const { return reads_monitor_; }

  // Idempotent. Runs in JavaScript's close(), in the garbage collector, and at the environment's end.
  void Close() noexcept override;

 private:
  // sendBytes(slot: number, part: Uint8Array, flags: SendFlags): boolean
  // sendText(slot: number, part: string, flags: SendFlags): boolean
  // False when the socket would block.
  static napi_value SendBytes(napi_env env, napi_callback_info info);
  static napi_value SendText(napi_env env, napi_callback_info info);

  // sendMany(slot: number, frames: number): number
  // Sends so many frames, which lie back to back in the shared bytes; each has an entry in the shared frame array
  // (length << 1 | more). Returns how many libzmq took. If that is not all, the next one would block or fail: sending
  // it alone tells.
  static napi_value SendMany(napi_env env, napi_callback_info info);

  // receive(slot: number, messages: number): number
  // Takes up to so many messages off the socket. Returns the number of frames, each of which is an entry in the shared
  // frame array (length << 2 | large << 1 | more). Small frames lie in the shared `received`, each at a multiple of 8;
  // large ones are fetched with takeLarge(). Stops early, even inside a message, when one of the two is full: then the
  // last frame says `more`, and the next call goes on, for libzmq has the rest already.
  static napi_value Receive(napi_env env, napi_callback_info info);

  // events(slot: number): number. Looks at ZMQ_EVENTS.
  static napi_value Events(napi_env env, napi_callback_info info);

  // watch(slot: number, events: number): boolean. What the socket waits for from now on, 0 for nothing; onReady is
  // called when some of it is ready. There may be no edge to come for what is ready already, so look at events() first;
  // and again if it returns true. While it watches, the socket cannot be collected, and it keeps the event loop alive
  // unless told otherwise.
  static napi_value Watch(napi_env env, napi_callback_info info);

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
  napi_value Send(Message&& message, uint32_t flags);
  // The descriptor that tells when to look at ZMQ_EVENTS. False on failure; errno tells.
  bool OpenDescriptor(zmq_fd_t* descriptor);
  bool ReadEvents(int* events) noexcept;
  // Whether events() is to be looked at again.
  bool SetWanted(int events) noexcept;
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
