#include "errors.h"

#include <cerrno>
#include <string>

#include <zmq.h>

namespace ohmq {
namespace {

struct Entry {
  int number;
  const char* name;
  const char* message;  // nullptr: libzmq's own text
};

// clang-format off
constexpr Entry kErrors[] = {
    {EAGAIN, "EAGAIN", "Operation was not possible or timed out"},
    {EBADF, "EBADF", "Socket is closed"},
    {EBUSY, "EBUSY", "Socket is busy"},
    {ENOENT, "ENOENT", "No such endpoint"},
    {EINVAL, "EINVAL", "Invalid argument"},
    {EMFILE, "EMFILE", "Too many open file descriptors"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT", "Protocol not supported"},
    {EADDRINUSE, "EADDRINUSE", "Address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", nullptr},
    {EHOSTUNREACH, "EHOSTUNREACH", "Host unreachable"},
    {EFSM, "EFSM", "Operation cannot be accomplished in current state"},
    {ETERM, "ETERM", "Context was terminated"},
    {EMTHREAD, "EMTHREAD", "No thread available"},
    {ENOCOMPATPROTO, "ENOCOMPATPROTO", "The protocol is not compatible with the socket type"},
    {ENOTSUP, "ENOTSUP", "Operation not supported"},
    {ENOTSOCK, "ENOTSOCK", nullptr},
    {EACCES, "EACCES", nullptr},
    {EAFNOSUPPORT, "EAFNOSUPPORT", nullptr},
    {ECANCELED, "ECANCELED", nullptr},
    {ECONNABORTED, "ECONNABORTED", nullptr},
    {ECONNREFUSED, "ECONNREFUSED", nullptr},
    {ECONNRESET, "ECONNRESET", nullptr},
    {EEXIST, "EEXIST", nullptr},
    {EFAULT, "EFAULT", nullptr},
    {EINPROGRESS, "EINPROGRESS", nullptr},
    {EINTR, "EINTR", nullptr},
    {EIO, "EIO", nullptr},
    {EISDIR, "EISDIR", nullptr},
    {ELOOP, "ELOOP", nullptr},
    {EMSGSIZE, "EMSGSIZE", nullptr},
    {ENAMETOOLONG, "ENAMETOOLONG", nullptr},
    {ENETDOWN, "ENETDOWN", nullptr},
    {ENETRESET, "ENETRESET", nullptr},
    {ENETUNREACH, "ENETUNREACH", nullptr},
    {ENFILE, "ENFILE", nullptr},
    {ENOBUFS, "ENOBUFS", nullptr},
    {ENODEV, "ENODEV", nullptr},
    {ENOMEM, "ENOMEM", nullptr},
    {ENOPROTOOPT, "ENOPROTOOPT", nullptr},
    {ENOSPC, "ENOSPC", nullptr},
    {ENOTCONN, "ENOTCONN", nullptr},
    {ENOTDIR, "ENOTDIR", nullptr},
    {EPERM, "EPERM", nullptr},
    {EPIPE, "EPIPE", nullptr},
    {EPROTO, "EPROTO", nullptr},
    {EROFS, "EROFS", nullptr},
    {ETIMEDOUT, "ETIMEDOUT", nullptr},
};
// clang-format on

}  // namespace

Napi::Error ErrnoError(Napi::Env env, int number) {
  const char* name = nullptr;
  const char* message = nullptr;
  for (const Entry& entry : kErrors) {
    if (entry.number != number) continue;
    name = entry.name;
    message = entry.message;
    break;
  }
  if (message == nullptr) message = zmq_strerror(number);
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code",
            name != nullptr ? Napi::String::New(env, name) : Napi::String::New(env, "E" + std::to_string(number)));
  error.Set("errno", Napi::Number::New(env, number));
  return error;
}

Napi::Error ErrnoError(Napi::Env env, int number, const std::string& address) {
  Napi::Error error = ErrnoError(env, number);
  error.Set("address", Napi::String::New(env, address));
  return error;
}

int ErrnoFromName(const std::string& name) {
  for (const Entry& entry : kErrors) {
    if (name == entry.name) return entry.number;
  }
  return 0;
}

Napi::Value Throw(Napi::Env env, int number) {
  ErrnoError(env, number).ThrowAsJavaScriptException();
  return Napi::Value();
}

Napi::Value ThrowForeign(Napi::Env env, const char* what) {
  Napi::Error error = ErrnoError(env, EINVAL);
  const std::string message =
      std::string("The ") + what + " belongs to another copy of ohmq in this process, which loaded its own addon";
  error.Set("message", Napi::String::New(env, message));
  error.ThrowAsJavaScriptException();
  return Napi::Value();
}

Napi::Value ThrowType(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return Napi::Value();
}

}  // namespace ohmq
