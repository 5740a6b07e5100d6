// Public keys of secret ones, and ending connections that libzmq has no call to end.
#pragma once

#include "prelude.h"

namespace ohmq {

// curvePublicKey(secretKey: string | Uint8Array): string. From Z85 or 32 bytes, to Z85. EINVAL for anything else.
// Leaves no copy of the secret key behind.
Napi::Value CurvePublicKey(const Napi::CallbackInfo& info);

// shutDown(fd: number, remote: string): boolean. Ends a connection by shutdown(2), if its descriptor still is that of
// the connection to `remote`, as monitors write it; false if not. The descriptor remains libzmq's, which sees the
// connection end.
Napi::Value ShutDown(const Napi::CallbackInfo& info);

}  // namespace ohmq
