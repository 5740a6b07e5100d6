// The context as other addons get it: see include/ohmq.h.
#pragma once

#include <memory>

#include "context_handle.h"
#include "prelude.h"

namespace ohmq {

// An external value over an ohmq_context, tagged; the context lives as long as the value or whoever retains it.
Napi::Value ShareContext(Napi::Env env, std::shared_ptr<ContextHandle> handle);

}  // namespace ohmq
