#include "socket/curve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include <zmq.h>

#include "errors.h"

namespace ohmq {
namespace {

constexpr size_t kKey = 32;
constexpr size_t kZ85Text = 41;  // 40 characters and a NUL

// Zeros memory that is not used again. The compiler would drop ordinary writes.
template <typename T, size_t N>
void Wipe(std::array<T, N>* memory) {
  volatile T* bytes = memory->data();
  for (size_t index = 0; index < N; index += 1) bytes[index] = 0;
}

}  // namespace

Napi::Value CurvePublicKey(const Napi::CallbackInfo& info) {
  std::array<char, kZ85Text> secret{};
  std::array<char, kZ85Text> key{};
  size_t length = 0;
  if (info[0].IsString()) {
    // Room for one character more than a key has, to notice that a text is too long.
    std::array<char, kZ85Text + 1> text{};
    napi_get_value_string_latin1(info.Env(), info[0], text.data(), text.size(), &length);
    std::copy_n(text.begin(), kZ85Text, secret.begin());
    Wipe(&text);
  } else {
    const auto bytes = info[0].As<Napi::Uint8Array>();
    if (bytes.ByteLength() == kKey && zmq_z85_encode(secret.data(), bytes.Data(), kKey) != nullptr)
      length = kZ85Text - 1;
  }
  const int rc = length == kZ85Text - 1 ? zmq_curve_public(key.data(), secret.data()) : -1;
  Wipe(&secret);
  if (rc != 0) return Throw(info.Env(), EINVAL);
  return Napi::String::New(info.Env(), key.data());
}

Napi::Value GetCurveKey(Napi::Env env, void* socket, int id) {
  char key[kZ85Text];
  size_t size = sizeof key;
  if (zmq_getsockopt(socket, id, key, &size) != 0) return Throw(env, zmq_errno());
  // libzmq returns zeros for a key that was never set.
  const bool unset = std::all_of(key, key + kZ85Text - 1, [](char c) { return c == '0'; });
  return unset ? env.Null() : Napi::Value(Napi::String::New(env, key, kZ85Text - 1));
}

Napi::Value IsSecretKey(Napi::Env env, void* socket, const Napi::Value& key) {
  std::array<char, kZ85Text> secret{};
  size_t size = secret.size();
  if (zmq_getsockopt(socket, ZMQ_CURVE_SECRETKEY, secret.data(), &size) != 0) return Throw(env, zmq_errno());
  // libzmq returns zeros for a key that was never set.
  std::array<char, kZ85Text> wanted{};
  wanted.fill('0');
  wanted.back() = '\0';
  if (key.IsString()) napi_get_value_string_latin1(env, key, wanted.data(), wanted.size(), nullptr);
  const bool same = secret == wanted;
  Wipe(&secret);
  return Napi::Boolean::New(env, same);
}

}  // namespace ohmq
