// CURVE keys: public keys of secret ones, and comparing a secret key without showing it.
#pragma once

#include "prelude.h"

namespace ohmq {

// curvePublicKey(secretKey: string | Uint8Array): string. From Z85 or 32 bytes, to Z85. EINVAL for anything else.
// Leaves no copy of the secret key behind.
Napi::Value CurvePublicKey(const Napi::CallbackInfo& info);

// An option of a socket that holds a CURVE key, as Z85; null if it was never set.
Napi::Value GetCurveKey(Napi::Env env, void* socket, int id);

// Whether the CURVE secret key of a socket is this one, 40 characters of Z85; with null, whether there is none. Unlike
// getOption it makes no string of the key, which could not be zeroed.
Napi::Value IsSecretKey(Napi::Env env, void* socket, const Napi::Value& key);

}  // namespace ohmq
