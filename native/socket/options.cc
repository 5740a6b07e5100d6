#include "socket/options.h"

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <zmq.h>

#include "errors.h"
#include "socket/curve.h"

namespace ohmq {
namespace {

template <typename T>
bool Get(Napi::Env env, void* socket, int id, T* value) {
  size_t size = sizeof(T);
  while (zmq_getsockopt(socket, id, value, &size) != 0) {
    if (zmq_errno() == EINTR) continue;
    Throw(env, zmq_errno());
    return false;
  }
  return true;
}

bool Set(Napi::Env env, void* socket, int id, const void* value, size_t size) {
  while (zmq_setsockopt(socket, id, value, size) != 0) {
    if (zmq_errno() == EINTR) continue;
    Throw(env, zmq_errno());
    return false;
  }
  return true;
}

// Reads text or bytes whose length is not known.
bool GetBytes(Napi::Env env, void* socket, int id, std::vector<char>* bytes) {
  constexpr size_t kLimit = size_t{64} << 10;
  for (size_t room = 512;; room *= 8) {
    bytes->resize(room);
    size_t size = room;
    if (zmq_getsockopt(socket, id, bytes->data(), &size) == 0) {
      bytes->resize(size);
      return true;
    }
    if (zmq_errno() == EINVAL && room < kLimit) continue;  // the buffer may have been too small
    Throw(env, zmq_errno());
    return false;
  }
}

// libzmq counts the NUL after its strings.
size_t WithoutNul(const std::vector<char>& bytes) {
  return !bytes.empty() && bytes.back() == '\0' ? bytes.size() - 1 : bytes.size();
}

}  // namespace

Napi::Value GetSocketOption(Napi::Env env, void* socket, int id, WireType type) {
  switch (type) {
    case WireType::kBool: {
      int32_t value = 0;
      if (!Get(env, socket, id, &value)) return Napi::Value();
      return Napi::Boolean::New(env, value != 0);
    }
    case WireType::kInt32: {
      int32_t value = 0;
      if (!Get(env, socket, id, &value)) return Napi::Value();
      return Napi::Number::New(env, value);
    }
    case WireType::kUint32: {
      uint32_t value = 0;
      if (!Get(env, socket, id, &value)) return Napi::Value();
      return Napi::Number::New(env, value);
    }
    case WireType::kInt64: {
      int64_t value = 0;
      if (!Get(env, socket, id, &value)) return Napi::Value();
      return Napi::Number::New(env, static_cast<double>(value));
    }
    case WireType::kUint64: {
      uint64_t value = 0;
      if (!Get(env, socket, id, &value)) return Napi::Value();
      return Napi::Number::New(env, static_cast<double>(value));
    }
    case WireType::kString: {
      std::vector<char> bytes;
      if (!GetBytes(env, socket, id, &bytes)) return Napi::Value();
      const size_t size = WithoutNul(bytes);
      return size == 0 ? env.Null() : Napi::Value(Napi::String::New(env, bytes.data(), size));
    }
    case WireType::kBytes: {
      std::vector<char> bytes;
      if (!GetBytes(env, socket, id, &bytes)) return Napi::Value();
      return bytes.empty() ? env.Null() : Napi::Value(Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size()));
    }
    case WireType::kCurveKey:
      return GetCurveKey(env, socket, id);
  }
  return ThrowType(env, "Unknown option type");
}

void SetSocketOption(Napi::Env env, void* socket, int id, WireType type, Napi::Value value) {
  switch (type) {
    case WireType::kBool: {
      const int32_t number = value.As<Napi::Boolean>() ? 1 : 0;
      Set(env, socket, id, &number, sizeof number);
      return;
    }
    case WireType::kInt32: {
      const int32_t number = value.As<Napi::Number>();
      Set(env, socket, id, &number, sizeof number);
      return;
    }
    case WireType::kUint32: {
      const uint32_t number = value.As<Napi::Number>();
      Set(env, socket, id, &number, sizeof number);
      return;
    }
    case WireType::kInt64: {
      const int64_t number = value.As<Napi::Number>();
      Set(env, socket, id, &number, sizeof number);
      return;
    }
    case WireType::kUint64: {
      // JavaScript reads 2^64 - 1 as 2^64, which is too large to convert.
      const double given = value.As<Napi::Number>().DoubleValue();
      const auto number = given < 0x1p64 ? static_cast<uint64_t>(given) : std::numeric_limits<uint64_t>::max();
      Set(env, socket, id, &number, sizeof number);
      return;
    }
    case WireType::kString:
    case WireType::kBytes:
    case WireType::kCurveKey: {
      if (value.IsNull()) {
        Set(env, socket, id, nullptr, 0);
      } else if (value.IsString()) {
        const std::string text = value.As<Napi::String>();
        Set(env, socket, id, text.data(), text.size());
      } else {
        const auto bytes = value.As<Napi::Uint8Array>();
        Set(env, socket, id, bytes.Data(), bytes.ByteLength());
      }
      return;
    }
  }
  ThrowType(env, "Unknown option type");
}

}  // namespace ohmq
