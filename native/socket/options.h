// Converts option values between JavaScript and libzmq.
#pragma once

#include "prelude.h"

namespace ohmq {

// How libzmq wants an option's bytes. The numbers are those of WireType in lib/native/addon.ts.
enum class WireType : int {
  kBool = 0,  // an int that is 0 or 1
  kInt32 = 1,
  kUint32 = 2,  // an int that JavaScript sees without sign
  kInt64 = 3,
  kUint64 = 4,
  kString = 5,    // text; null stands for none
  kBytes = 6,     // a Buffer when read, text or bytes when written; null stands for none
  kCurveKey = 7,  // 32 bytes, or 40 characters of Z85
};

Napi::Value GetSocketOption(Napi::Env env, void* socket, int id, WireType type);
void SetSocketOption(Napi::Env env, void* socket, int id, WireType type, Napi::Value value);

Napi::Value GetContextOption(Napi::Env env, void* context, int id, WireType type);
void SetContextOption(Napi::Env env, void* context, int id, WireType type, Napi::Value value);

}  // namespace ohmq
