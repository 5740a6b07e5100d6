// Connections by their file descriptors: both ends, and ending one, for which libzmq has no call.
#pragma once

#include "prelude.h"

namespace ohmq {

// endOf(fd: number, remote: boolean): string | null. One end of a connection, or where a descriptor listens: address
// and port ("10.0.0.1:5000", "[::1]:5000"), "" if its transport has none, as local sockets have. Null if there is no
// such end.
Napi::Value EndOf(const Napi::CallbackInfo& info);

// shutDown(fd: number, remote: string): boolean. Ends a connection by shutdown(2), if its descriptor still is that of
// the connection to `remote`, as endOf tells it; false if not. The descriptor remains libzmq's, which sees the
// connection end.
Napi::Value ShutDown(const Napi::CallbackInfo& info);

}  // namespace ohmq
