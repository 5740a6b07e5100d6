#include "socket/connection.h"

#include <array>
#include <string>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <sys/socket.h>
#endif

namespace ohmq {
namespace {

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
