// The only header that includes Node-API, so that its settings are the same everywhere.
#pragma once

#include <napi.h>

#if !defined(NAPI_DISABLE_CPP_EXCEPTIONS)
#error "ohmq is built without C++ exceptions: a failure is a pending JavaScript exception, and the next line returns"
#endif

// A worker thread may be terminated while the addon is in the middle of a call. What cannot be thrown then is dropped.
#if !defined(NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
#error "ohmq is built with NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
#endif

namespace ohmq {

// A boolean that JavaScript passes. ToBoolean() would convert it, which Node-API refuses in a worker thread that is
// being terminated; using what it gives then ends the process.
inline bool IsTrue(const Napi::Value& value) noexcept {
  bool result = false;
  napi_get_value_bool(value.Env(), value, &result);
  return result;
}

}  // namespace ohmq
