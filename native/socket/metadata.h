// Messages together with what libzmq knows about them.
#pragma once

#include "prelude.h"

namespace ohmq {

// receiveWithMetadata(slot: number, names: string[], tag?: Tag):
//   {parts: Buffer[], values: (string | null)[]} | undefined
// One message, and its properties of these names (zmq_msg_gets). Undefined if there is no message. With a tag, which
// draft sockets have, its value comes before the part.
Napi::Value ReceiveWithMetadata(const Napi::CallbackInfo& info);

}  // namespace ohmq
