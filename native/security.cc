#include "security.h"

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

// The peer of a connected descriptor, as monitors write it: "tcp://10.0.0.1:5000", "tcp://[::1]:5000", "ipc://" for any
// peer of a local socket. Empty if there is none.
std::string PeerOf(Descriptor fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (getpeername(fd, any, &size) != 0) return "";
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return "ipc://";
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int flags = NI_NUMERICHOST | NI_NUMERICSERV;
  if (getnameinfo(any, size, host.data(), host.size(), port.data(), port.size(), flags) != 0) return "";
  const bool v6 = address.ss_family == AF_INET6;
  return std::string("tcp://") + (v6 ? "[" : "") + host.data() + (v6 ? "]:" : ":") + port.data();
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

Napi::Value ShutDown(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<Descriptor>(info[0].As<Napi::Number>().Int64Value());
  const std::string wanted = info[1].As<Napi::String>();
  const std::string peer = PeerOf(fd);
  // Local peers have no names to tell them apart.
  const bool same = peer == "ipc://" ? wanted.rfind("ipc://", 0) == 0 : !peer.empty() && peer == wanted;
  return Napi::Boolean::New(info.Env(), same && shutdown(fd, kBoth) == 0);
}

}  // namespace ohmq
