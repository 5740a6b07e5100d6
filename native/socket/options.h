// Converts the values of socket options between JavaScript and libzmq.
#pragma once

#include "interface.h"
#include "prelude.h"

namespace ohmq {

Napi::Value GetSocketOption(Napi::Env env, void* socket, int id, WireType type);
void SetSocketOption(Napi::Env env, void* socket, int id, WireType type, Napi::Value value);

}  // namespace ohmq
