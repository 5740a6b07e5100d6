// Every number of zmq.h that lib/ uses, by its name.
#pragma once

#include "prelude.h"

namespace ohmq {

// Names that the header of the linked libzmq does not define are absent.
Napi::Object Constants(Napi::Env env);

}  // namespace ohmq
