// What draft sockets need beyond the others: messages with a routing id or a group, joining groups, connecting to
// peers.
#pragma once

#include <cstdint>

#include "interface.h"
#include "message/message.h"
#include "prelude.h"

namespace ohmq {

// Adds these functions to the addon's exports if libzmq has its draft API. Their first argument is the slot of an open
// socket.
//
// connectPeer(slot: number, address: string): number. The routing id of the peer.
//
// joinGroup(slot: number, group: Uint8Array): void; leaveGroup(slot: number, group: Uint8Array): void
//
// sendTagged(slot: number, tag: Tag, value: Uint8Array, part: Uint8Array | string, flags: SendFlags): boolean
// Sends a part with a routing id (four bytes, the lowest first) or a group. False when the socket would block.
//
// sendTaggedMany(slot: number, tag: Tag, frames: number): number
// The same for many messages. The frames lie in memory as those of sendMany do: a value, a part, a value, a part, and
// so on. Returns how many frames libzmq took.
//
// receiveTagged(slot: number, tag: Tag, messages: number): number
// Like receive, but each message becomes two frames: its value and its part.
void DefineDraft(Napi::Env env, Napi::Object exports);

// The value of a message's tag, in the form that sendTagged takes. Undefined without the draft API.
Napi::Value TagValue(Napi::Env env, Message* message, Tag tag);

}  // namespace ohmq
