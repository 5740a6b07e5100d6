// The only header that includes Node-API, so that its settings are the same everywhere.
#pragma once

#include <napi.h>

#if !defined(NAPI_DISABLE_CPP_EXCEPTIONS)
#error "ohmq is built without C++ exceptions: a failure is a pending JavaScript exception, and the next line returns"
#endif

// A worker thread may be terminated in the middle of a call of the addon. An exception that cannot be thrown then is
// dropped.
#if !defined(NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
#error "ohmq is built with NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
#endif

namespace ohmq {

// Reads a boolean that JavaScript passed. Napi's ToBoolean() would convert it. Node-API refuses that in a worker thread
// that is being terminated, and using the result would end the process.
inline bool IsTrue(const Napi::Value& value) noexcept {
  bool result = false;
  napi_get_value_bool(value.Env(), value, &result);
  return result;
}

}  // namespace ohmq
