// Every number of zmq.h that lib/ uses, by its C name.
#pragma once

#include "prelude.h"

namespace ohmq {

// What the linked libzmq's header lacks is absent.
Napi::Object Constants(Napi::Env env);

}  // namespace ohmq
