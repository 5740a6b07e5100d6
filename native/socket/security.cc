#include "socket/security.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include <zmq.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <sys/socket.h>
#endif

#include "errors.h"

namespace ohmq {
namespace {

constexpr size_t kKey = 32;
constexpr size_t kZ85Text = 41;

// Zeros memory that is not used again, which the compiler would leave out if it could.
template <typename T, size_t N>
void Wipe(std::array<T, N>* memory) {
  volatile T* bytes = memory->data();
  for (size_t index = 0; index < N; index += 1) bytes[index] = 0;
}

#ifdef _WIN32
using Descriptor = SOCKET;
constexpr int kBoth = SD_BOTH;
#else
using Descriptor = int;
constexpr int kBoth = SHUT_RDWR;
#endif

Descriptor ToDescriptor(const Napi::Value& value) {
  return static_cast<Descriptor>(value.As<Napi::Number>().Int64Value());
}

// See EndOf. False if there is no such end.
bool ReadEnd(Descriptor fd, bool remote, std::string* end) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if ((remote ? getpeername(fd, any, &size) : getsockname(fd, any, &size)) != 0) return false;
  end->clear();
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return true;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int flags = NI_NUMERICHOST | NI_NUMERICSERV;
  if (getnameinfo(any, size, host.data(), host.size(), port.data(), port.size(), flags) != 0) return false;
  const bool v6 = address.ss_family == AF_INET6;
  *end = std::string(v6 ? "[" : "") + host.data() + (v6 ? "]:" : ":") + port.data();
  return true;
}

}  // namespace

Napi::Value CurvePublicKey(const Napi::CallbackInfo& info) {
  std::array<char, kZ85Text> secret{};
  std::array<char, kZ85Text> key{};
  size_t length = 0;
  if (info[0].IsString()) {
    // One more than a key has, with the NUL, is enough to see that it is too long.
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

Napi::Value IsSecretKey(Napi::Env env, void* socket, const Napi::Value& key) {
  std::array<char, kZ85Text> secret{};
  size_t size = secret.size();
  if (zmq_getsockopt(socket, ZMQ_CURVE_SECRETKEY, secret.data(), &size) != 0) return Throw(env, zmq_errno());
  // A key that was never set reads as zeros.
  std::array<char, kZ85Text> wanted{};
  wanted.fill('0');
  wanted.back() = '\0';
  if (key.IsString()) napi_get_value_string_latin1(env, key, wanted.data(), wanted.size(), nullptr);
  const bool same = secret == wanted;
  Wipe(&secret);
  return Napi::Boolean::New(env, same);
}

Napi::Value EndOf(const Napi::CallbackInfo& info) {
  std::string end;
  const bool there = ReadEnd(ToDescriptor(info[0]), IsTrue(info[1]), &end);
  return there ? Napi::Value(Napi::String::New(info.Env(), end)) : info.Env().Null();
}

Napi::Value ShutDown(const Napi::CallbackInfo& info) {
  const Descriptor fd = ToDescriptor(info[0]);
  const std::string wanted = info[1].As<Napi::String>();
  std::string peer;
  const bool same = ReadEnd(fd, true, &peer) && peer == wanted;
  return Napi::Boolean::New(info.Env(), same && shutdown(fd, kBoth) == 0);
}

}  // namespace ohmq
