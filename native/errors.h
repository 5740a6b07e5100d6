// Errors as JavaScript sees them: `message`, `code`, `errno` and, if there is one, `address`.
#pragma once

#include "prelude.h"

namespace ohmq {

// An Error for an error number of libzmq or the system. The messages are those of zeromq 6, which users print and
// match.
Napi::Error ErrnoError(Napi::Env env, int number);
Napi::Error ErrnoError(Napi::Env env, int number, const std::string& address);

// The number of an error name ("EAGAIN"), or 0 if it is unknown. JavaScript uses names, because numbers differ by
// platform.
int ErrnoFromName(const std::string& name);

// Throws and returns an empty value, for `return Throw(...)`.
Napi::Value Throw(Napi::Env env, int number);
// For an object of one of our classes that another version, or another copy, of the addon has made.
Napi::Value ThrowForeign(Napi::Env env, const char* what);
Napi::Value ThrowType(Napi::Env env, const char* message);

}  // namespace ohmq
