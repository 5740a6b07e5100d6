// Everything that the addon exports. lib/native/addon.ts has the types and is the only file that loads it.
#include <sstream>
#include <string>

#include <zmq.h>
#if __has_include(<ohmq_patches.h>)
#include <ohmq_libsodium.h>
#include <ohmq_patches.h>
#else  // an installed libzmq
#define OHMQ_LIBSODIUM nullptr
#define OHMQ_PATCHES ""
#endif

#include "constants.h"
#include "context/context.h"
#include "environment/environment.h"
#include "errors.h"
#include "interface.h"
#include "proxy/proxy.h"
#include "socket/connection.h"
#include "socket/curve.h"
#include "socket/draft.h"
#include "socket/metadata.h"
#include "socket/socket.h"
#include "socket/transfer.h"

namespace ohmq {
namespace {

// initialize(mainThread: boolean, uv: boolean): boolean. True for the first call.
Napi::Value Initialize(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Environment::Of(info.Env()).Start(IsTrue(info[0]), IsTrue(info[1])));
}

// takeLarge(): Buffer. The next large frame of the last receive call.
Napi::Value TakeLarge(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info.Env());
  if (environment.large_taken >= environment.large.size()) return ThrowType(info.Env(), "No large frame is left");
  Message& frame = environment.large[environment.large_taken++];
  return ToBuffer(info.Env(), std::move(frame), &environment.external_bytes);
}

// errnoError(name: string, message?: string): Error
Napi::Value MakeError(const Napi::CallbackInfo& info) {
  Napi::Error error = ErrnoError(info.Env(), ErrnoFromName(info[0].As<Napi::String>()));
  if (info[1].IsString()) error.Set("message", info[1]);
  return error.Value();
}

// errnoErrorOf(number: number): Error
Napi::Value MakeErrorOf(const Napi::CallbackInfo& info) {
  return ErrnoError(info.Env(), info[0].As<Napi::Number>().Int32Value()).Value();
}

// curveKeyPair(): {publicKey: string, secretKey: string}
Napi::Value CurveKeyPair(const Napi::CallbackInfo& info) {
  char public_key[41];
  char secret_key[41];
  if (zmq_curve_keypair(public_key, secret_key) != 0) return Throw(info.Env(), zmq_errno());
  Napi::Object pair = Napi::Object::New(info.Env());
  pair.Set("publicKey", Napi::String::New(info.Env(), public_key));
  pair.Set("secretKey", Napi::String::New(info.Env(), secret_key));
  return pair;
}

// removeIpcFiles(): void
void RemoveIpcFiles(const Napi::CallbackInfo&) {
#ifdef OHMQ_HAS_REMOVE_IPC_FILES
  ohmq_remove_ipc_files();
#endif
}

Napi::String Version(Napi::Env env) {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  return Napi::String::New(env, std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch));
}

/** The version of the linked libsodium: string | null. */
Napi::Value Libsodium(Napi::Env env) {
  const char* version = OHMQ_LIBSODIUM;
  return version == nullptr ? env.Null() : Napi::String::New(env, version);
}

Napi::Object Capability(Napi::Env env) {
  Napi::Object capability = Napi::Object::New(env);
  for (const char* name : {"ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "vmci", "WS", "WSS", "vsock"}) {
    capability.Set(name, Napi::Boolean::New(env, zmq_has(name) == 1));
  }
  Napi::Array patches = Napi::Array::New(env);
  std::istringstream names(OHMQ_PATCHES);
  for (std::string name; names >> name;) patches.Set(patches.Length(), name);
  patches.Freeze();
  // Not enumerable, because programs for zeromq go through all properties of the capability.
  capability.DefineProperty(Napi::PropertyDescriptor::Value("patches", patches, napi_default));
  return capability;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment& environment = Environment::Create(env);
  exports.Set("interface", Napi::Number::New(env, kInterface));
  exports.Set("version", Version(env));
  exports.Set("libsodium", Libsodium(env));
  exports.Set("capability", Capability(env));
  exports.Set("constants", Constants(env));
  exports.Set("frames", environment.frames_array.Value());
  exports.Set("bytes", environment.bytes_array.Value());
  exports.Set("received", environment.received_array.Value());
  exports.Set("turns", environment.turns_array.Value());
  exports.Set("initialize", Napi::Function::New<Initialize>(env, "initialize"));
  exports.Set("receiveWithMetadata", Napi::Function::New<ReceiveWithMetadata>(env, "receiveWithMetadata"));
  exports.Set("takeLarge", Napi::Function::New<TakeLarge>(env, "takeLarge"));
  exports.Set("errnoError", Napi::Function::New<MakeError>(env, "errnoError"));
  exports.Set("errnoErrorOf", Napi::Function::New<MakeErrorOf>(env, "errnoErrorOf"));
  exports.Set("curveKeyPair", Napi::Function::New<CurveKeyPair>(env, "curveKeyPair"));
  exports.Set("curvePublicKey", Napi::Function::New<CurvePublicKey>(env, "curvePublicKey"));
  exports.Set("removeIpcFiles", Napi::Function::New<RemoveIpcFiles>(env, "removeIpcFiles"));
  exports.Set("endOf", Napi::Function::New<EndOf>(env, "endOf"));
  exports.Set("shutDown", Napi::Function::New<ShutDown>(env, "shutDown"));
  exports.Set("NativeContext", Context::Define(env));
  exports.Set("NativeProxy", Proxy::Define(env));
  exports.Set("NativeSocket", Socket::Define(env));
  DefineTransfer(env, exports);
  DefineDraft(env, exports);
  return exports;
}

}  // namespace
}  // namespace ohmq

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return ohmq::Init(env, exports); }

NODE_API_MODULE(ohmq, InitAddon)
