// Errors as JavaScript sees them: `message`, `code`, `errno` and, where there is one, `address`.
#pragma once

#include "prelude.h"

namespace ohmq {

// An Error for a libzmq or system error number. Messages are those of zeromq 6, which users print and match.
Napi::Error ErrnoError(Napi::Env env, int number);
Napi::Error ErrnoError(Napi::Env env, int number, const std::string& address);

// The number of an error name ("EAGAIN"), 0 for an unknown one. JavaScript names errors, numbers differ by platform.
int ErrnoFromName(const std::string& name);

// Throws and returns an empty value, for `return Throw(...)`.
Napi::Value Throw(Napi::Env env, int number);
// For an object of a class of ours that another library has made: another version, or copy, of the addon.
Napi::Value ThrowForeign(Napi::Env env, const char* what);
Napi::Value ThrowType(Napi::Env env, const char* message);

}  // namespace ohmq
