// What the draft sockets need over the others: messages with a routing id or a group, groups to join, peers to connect.
#pragma once

#include <cstdint>

#include "interface.h"
#include "message/message.h"
#include "prelude.h"

namespace ohmq {

// Adds these functions to the addon's exports, where libzmq has its draft API:
//
// connectPeer(slot: number, address: string): number. The routing id of the peer.
//
// joinGroup(slot: number, group: Uint8Array): void; leaveGroup(slot: number, group: Uint8Array): void
//
// sendTagged(slot: number, tag: Tag, value: Uint8Array, part: Uint8Array | string, flags: SendFlags): boolean
// Sends a part with a routing id (four bytes, the lowest first) or a group. False when the socket would block.
//
// sendTaggedMany(slot: number, tag: Tag, frames: number): number
// The same for many: the frames, which lie in memory as those of sendMany do, are a value and a part in turn. Returns
// how many frames libzmq took.
//
// receiveTagged(slot: number, tag: Tag, messages: number, slab: Uint8Array, offset: number): number
// Like receive: each message becomes two frames, its value and its part.
void DefineDraft(Napi::Env env, Napi::Object exports);

// The value of a message's tag, as sendTagged takes it. Undefined without the draft API.
Napi::Value TagValue(Napi::Env env, Message* message, Tag tag);

}  // namespace ohmq
