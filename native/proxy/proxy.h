// The native class that lib/proxy.ts uses.
#pragma once

#include <atomic>
#include <memory>

#include "deferred.h"
#include "environment/environment.h"
#include "prelude.h"
#include "proxy/proxy_thread.h"

namespace ohmq {

// lib/proxy.ts makes sure that nothing else uses the sockets between start() and the end.
class Proxy final : public Napi::ObjectWrap<Proxy>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // new NativeProxy(front: NativeSocket, back: NativeSocket, capture: NativeSocket | null)
  explicit Proxy(const Napi::CallbackInfo& info);
  ~Proxy() override { Close(); }

  void Close() noexcept override;

 private:
  // start(): Promise<void>. Settles when the thread has ended. Keeps the process alive until then.
  Napi::Value Start(const Napi::CallbackInfo& info);
  // send(command: ProxyCommand): void
  void Send(const Napi::CallbackInfo& info);
  // statistics(): number[]. Messages and bytes received at the front, sent at the front, received at the back, and sent
  // at the back.
  Napi::Value Statistics(const Napi::CallbackInfo& info);

  void Ended(Napi::Env env);

  Environment& environment_;
  std::unique_ptr<ProxyThread> thread_;
  std::unique_ptr<Deferred> done_;
  napi_threadsafe_function ended_ = nullptr;
  bool closed_ = false;
  std::atomic<int> result_{0};  // 0, or the error that ended the thread
};

}  // namespace ohmq
