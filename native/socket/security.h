// Public keys of secret ones, and ending connections that libzmq has no call to end.
#pragma once

#include "prelude.h"

namespace ohmq {

// curvePublicKey(secretKey: string | Uint8Array): string. From Z85 or 32 bytes, to Z85. EINVAL for anything else.
// Leaves no copy of the secret key behind.
Napi::Value CurvePublicKey(const Napi::CallbackInfo& info);

// Whether the CURVE secret key of a socket is this one, 40 characters of Z85; with null, whether there is none. Unlike
// getOption it makes no string of the key, which could not be zeroed.
Napi::Value IsSecretKey(Napi::Env env, void* socket, const Napi::Value& key);

// endOf(fd: number, remote: boolean): string | null. One end of a connection, or where a descriptor listens: address
// and port ("10.0.0.1:5000", "[::1]:5000"), "" if its transport has none, as local sockets have. Null if there is no
// such end.
Napi::Value EndOf(const Napi::CallbackInfo& info);

// shutDown(fd: number, remote: string): boolean. Ends a connection by shutdown(2), if its descriptor still is that of
// the connection to `remote`, as endOf tells it; false if not. The descriptor remains libzmq's, which sees the
// connection end.
Napi::Value ShutDown(const Napi::CallbackInfo& info);

}  // namespace ohmq
