// The wrapped class behind lib/socket.ts.
#pragma once

#include <memory>

#include "environment.h"
#include "poller.h"
#include "prelude.h"
#include "socket_handle.h"

namespace ohmq {

// Converts and calls; lib/socket.ts decides. It makes sure that nothing but options and Close is called while a bind or
// unbind is under way, and nothing at all after Close.
class Socket final : public Napi::ObjectWrap<Socket>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // new NativeSocket(context: NativeContext, type: number)
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override { Close(); }

  // Idempotent. Runs in JavaScript's close(), in the garbage collector, and at the environment's end.
  void Close() noexcept override;

 private:
  // close(): void
  void CloseFromJavaScript(const Napi::CallbackInfo& info);

  // getOption(id: number, type: WireType): unknown; setOption(id: number, type: WireType, value: unknown): void
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);

  // bind(address: string): Promise<void> and unbind run on a pool thread: both may look up names.
  Napi::Value Bind(const Napi::CallbackInfo& info);
  Napi::Value Unbind(const Napi::CallbackInfo& info);
  // bindSync(address: string): void, and so on.
  void BindSync(const Napi::CallbackInfo& info);
  void UnbindSync(const Napi::CallbackInfo& info);
  void Connect(const Napi::CallbackInfo& info);
  void Disconnect(const Napi::CallbackInfo& info);

  // sendBytes(part: Uint8Array, flags: SendFlags): boolean, sendText(part: string, flags: SendFlags): boolean
  // False when the socket would block.
  Napi::Value SendBytes(const Napi::CallbackInfo& info);
  Napi::Value SendText(const Napi::CallbackInfo& info);

  // receive(messages: number, slab: Uint8Array, offset: number): number
  // Takes up to so many messages off the socket. Returns the number of frames, each of which is an entry in the shared
  // frame array (length << 2 | large << 1 | more). Frames lie back to back in the slab, from the offset on; large ones
  // are fetched with takeLarge(). Stops early, even inside a message, when the slab or the frame array is full: then
  // the last frame says `more`, and the next call goes on, for libzmq has the rest already.
  Napi::Value Receive(const Napi::CallbackInfo& info);

  // events(): number. Looks at ZMQ_EVENTS.
  Napi::Value Events(const Napi::CallbackInfo& info);

  // watch(events: number): void. What the socket waits for from now on, 0 for nothing; onReady is called when some of it
  // is ready. There may be no edge to come for what is ready already, so look at events() first. While it watches, the
  // socket cannot be collected, and it keeps the event loop alive unless told otherwise.
  void Watch(const Napi::CallbackInfo& info);

  // keepAlive(keep: boolean): void
  void KeepAlive(const Napi::CallbackInfo& info);

  Napi::Value BindOnPoolThread(const Napi::CallbackInfo& info, bool bind);
  Napi::Value Send(Napi::Env env, Message&& message, int flags);
  bool ReadEvents(int* events) noexcept;
  void SetWanted(int events) noexcept;
  void OnPoll() noexcept;

  Environment& environment_;
  std::shared_ptr<SocketHandle> handle_;
  std::unique_ptr<Poller> poller_;
  int wanted_ = 0;
  bool keep_alive_ = true;
  bool held_ = false;  // this holds a reference to its own JavaScript object
};

}  // namespace ohmq
