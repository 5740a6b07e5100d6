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
