// CURVE keys: deriving public keys, and comparing secret keys without copying them to JavaScript.
#pragma once

#include "prelude.h"

namespace ohmq {

// curvePublicKey(secretKey: string | Uint8Array): string. The key is Z85 or 32 bytes, the result Z85. EINVAL for
// anything else. Zeros its copies of the secret key.
Napi::Value CurvePublicKey(const Napi::CallbackInfo& info);

// Reads an option that is a CURVE key, as Z85. Null if it was never set.
Napi::Value GetCurveKey(Napi::Env env, void* socket, int id);

// Whether the socket's CURVE secret key is `key`, 40 characters of Z85; with null, whether it has none. Unlike
// getOption, it makes no string of the key, which could not be zeroed.
Napi::Value IsSecretKey(Napi::Env env, void* socket, const Napi::Value& key);

}  // namespace ohmq
