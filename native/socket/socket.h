// The native class that lib/socket/socket.ts uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "environment/environment.h"
#include "poller/poller.h"
#include "prelude.h"
#include "socket/socket_handle.h"
#include "socket/socket_signal.h"

namespace ohmq {

// The messages that passed in one direction, and the bytes of their parts. Only for JavaScript's thread.
class Count {
 public:
  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; }

  // To be called with each part that libzmq took or gave.
  void Add(size_t size, bool more) noexcept {
    unfinished_ += size;
    if (more) return;
    messages_ += 1;
    bytes_ += unfinished_;
    unfinished_ = 0;
  }
  // To be called when libzmq refuses a part: it drops those before it, and the message is sent again from its first.
  void Drop() noexcept { unfinished_ = 0; }

 private:
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  uint64_t unfinished_ = 0;  // the bytes of a message whose last part is still to come
};

// Converts arguments and calls libzmq. All decisions are in lib/socket/: while a bind or unbind is running, it calls
// nothing but getOption, setOption and close, and after close nothing at all.
class Socket final : public Napi::ObjectWrap<Socket>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // The Socket of a NativeSocket, or null for any other value.
  static Socket* From(Napi::Value value);

  // new NativeSocket(context: NativeContext, type: number)
  explicit Socket(const Napi::CallbackInfo& info);
  ~Socket() override { Close(); }

  const std::shared_ptr<SocketHandle>& handle() const { return handle_; }
  bool reads_monitor() const { return reads_monitor_; }

  // What the functions of the hot path, draft.cc and metadata.cc passed to libzmq and got from it.
  Count sent;
  Count received;

  // Reads ZMQ_EVENTS. False on failure; see errno.
  bool ReadEvents(int* events) noexcept;
  // Sets what the socket waits for, 0 for nothing. Returns whether to read ZMQ_EVENTS again.
  bool Watch(int events) noexcept;

  // Idempotent. Runs in JavaScript's close(), in the garbage collector, and when the environment ends.
  void Close() noexcept override;

 private:
  // close(): void
  void CloseFromJavaScript(const Napi::CallbackInfo& info);

  // getOption(id: number, type: WireType): unknown; setOption(id: number, type: WireType, value: unknown): void
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  // isSecretKey(key: string | null): boolean
  Napi::Value IsSecretKey(const Napi::CallbackInfo& info);

  // bind(address: string): Promise<void> and unbind run on a pool thread, because they may resolve names.
  Napi::Value Bind(const Napi::CallbackInfo& info);
  Napi::Value Unbind(const Napi::CallbackInfo& info);
  // bindSync(address: string): void, and so on.
  void BindSync(const Napi::CallbackInfo& info);
  void UnbindSync(const Napi::CallbackInfo& info);
  void Connect(const Napi::CallbackInfo& info);
  void Disconnect(const Napi::CallbackInfo& info);

  // keepAlive(keep: boolean): void
  void KeepAlive(const Napi::CallbackInfo& info);

  // traffic(): number[]. The messages and bytes sent, then those received. Calls nothing of libzmq, so it also works
  // during a bind, while a proxy has the socket, and after close.
  Napi::Value Traffic(const Napi::CallbackInfo& info);

  // hasPeer(routingId: Uint8Array): boolean | undefined. For a ROUTER or STREAM; undefined if libzmq does not know.
  Napi::Value HasPeer(const Napi::CallbackInfo& info);

  // monitor(address: string | null, onlyEnd: boolean): void. Sends its events, or only the last one, to a PAIR at an
  // inproc address. Null stops that.
  void Monitor(const Napi::CallbackInfo& info);

  // readMonitor(address: string): void. For that PAIR. From then on only JavaScript's close() closes the socket. When
  // the environment ends, the context takes it over.
  void ReadMonitor(const Napi::CallbackInfo& info);

  Napi::Value BindOnPoolThread(const Napi::CallbackInfo& info, bool bind);
  // Finds the descriptor that says when to read ZMQ_EVENTS. False on failure; see errno.
  bool OpenDescriptor(zmq_fd_t* descriptor);
  void OnPoll() noexcept;

  Environment& environment_;
  std::shared_ptr<SocketHandle> handle_;
  std::unique_ptr<SocketSignal> signal_;  // only for a thread-safe socket
  std::unique_ptr<Poller> poller_;
  uint32_t slot_ = 0;
  int wanted_ = 0;
  bool keep_alive_ = true;
  bool reads_monitor_ = false;
  bool held_ = false;  // whether this keeps its JavaScript object alive
};

}  // namespace ohmq
