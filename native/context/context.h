// The native class that lib/context.ts uses.
#pragma once

#include <memory>

#include "context/context_handle.h"
#include "environment/environment.h"
#include "prelude.h"

namespace ohmq {

class SharedContext;

class Context final : public Napi::ObjectWrap<Context>, public Resource {
 public:
  static Napi::Function Define(Napi::Env env);

  // The Context of a NativeContext, or null for any other value.
  static Context* From(Napi::Value value);

  // new NativeContext(shared: boolean): the default context of the process, or a new one.
  explicit Context(const Napi::CallbackInfo& info);
  ~Context() override { Close(); }

  void Close() noexcept override;

  // Null once the environment ends.
  const std::shared_ptr<ContextHandle>& handle() const { return handle_; }

 private:
  // getOption(id: number, type: WireType): boolean | number | string
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  // setOption(id: number, type: WireType, value: boolean | number | string): void
  void SetOption(const Napi::CallbackInfo& info);
  // sockets(monitorReaders: boolean): object[]. The owners of the context's open sockets in this environment: of those
  // that read monitors, or of the others.
  Napi::Value Sockets(const Napi::CallbackInfo& info);
  // terminate(): Promise<void>. Releases the context. Resolves when it has ended.
  Napi::Value Terminate(const Napi::CallbackInfo& info);
  // is(other: NativeContext): boolean. Whether both are the same context, as all default contexts of the process are.
  Napi::Value Is(const Napi::CallbackInfo& info);
  // share(): external. See include/ohmq.h.
  Napi::Value Share(const Napi::CallbackInfo& info);

  Environment& environment_;
  SharedContext* shared_ = nullptr;
  std::shared_ptr<ContextHandle> handle_;
};

}  // namespace ohmq
