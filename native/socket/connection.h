// Connections by their file descriptors: their addresses, and ending one, for which libzmq has no function.
#pragma once

#include "prelude.h"

namespace ohmq {

// endOf(fd: number, remote: boolean): string | null. The address of one end of a connection, or the address where a
// descriptor listens, with its port ("10.0.0.1:5000", "[::1]:5000"). "" if the transport has no such addresses,
// as for local sockets. Null if there is no such end.
Napi::Value EndOf(const Napi::CallbackInfo& info);

// shutDown(fd: number, remote: string): boolean. Ends a connection with shutdown(2) if the descriptor is still that of
// the connection to `remote`, as endOf returns it; otherwise returns false. libzmq still owns the descriptor, and
// notices that the connection ended.
Napi::Value ShutDown(const Napi::CallbackInfo& info);

}  // namespace ohmq
