// Messages together with what libzmq knows about their senders.
#pragma once

#include "prelude.h"

namespace ohmq {

// receiveWithMetadata(slot: number, names: string[], tag?: Tag):
//   {parts: Buffer[], values: (string | null)[]} | undefined
// Receives one message and its properties with these names (zmq_msg_gets). Undefined if there is no message. If `tag`
// is given, for a draft socket, the value of the tag comes before the part.
Napi::Value ReceiveWithMetadata(const Napi::CallbackInfo& info);

}  // namespace ohmq
