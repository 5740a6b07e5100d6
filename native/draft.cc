#include "draft.h"

#include <zmq.h>

#ifdef ZMQ_BUILD_DRAFT_API

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "environment.h"
#include "errors.h"
#include "message.h"
#include "socket.h"

#endif

namespace ohmq {

#ifdef ZMQ_BUILD_DRAFT_API
namespace {

// Tag in lib/native.ts.
enum class Tag : uint32_t { kRoutingId = 0, kGroup = 1 };

// SendFlags in lib/native.ts.
constexpr uint32_t kMayReference = 2;

// As in socket.cc.
constexpr size_t kCopyLimit = 1024;

constexpr size_t kRoutingIdSize = 4;

template <size_t N>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = N;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    environment = static_cast<Environment*>(data);
    const Socket* found = environment->SocketAt(Number(env, 0));
    socket = found == nullptr ? nullptr : found->handle()->get();
    if (socket == nullptr) Throw(env, EBADF);
  }

  uint32_t Number(napi_env env, size_t index) const {
    uint32_t number = UINT32_MAX;
    napi_get_value_uint32(env, values[index], &number);
    return number;
  }

  // Null, with an exception pending, unless the argument is a Uint8Array.
  const uint8_t* Bytes(napi_env env, size_t index, size_t* size) const {
    static const uint8_t none = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(env, values[index], nullptr, size, &data, nullptr, nullptr) != napi_ok) {
      ThrowType(env, "Expected a Uint8Array");
      return nullptr;
    }
    return *size == 0 ? &none : static_cast<const uint8_t*>(data);
  }

  napi_value values[N];
  Environment* environment;
  void* socket;  // null with an exception pending
};

napi_value ToNumber(napi_env env, uint32_t number) {
  napi_value result = nullptr;
  napi_create_uint32(env, number, &result);
  return result;
}

// A group as libzmq wants it. lib/sockets/tagged.ts sees to its length.
struct Group {
  Group(const uint8_t* bytes, size_t size) {
    const size_t length = std::min<size_t>(size, ZMQ_GROUP_MAX_LENGTH);
    std::memcpy(text, bytes, length);
    text[length] = '\0';
  }

  char text[ZMQ_GROUP_MAX_LENGTH + 1];
};

// Returns 0 or an error number.
int SetTag(Message* message, Tag tag, const uint8_t* value, size_t size) {
  if (tag == Tag::kGroup) return zmq_msg_set_group(message->get(), Group(value, size).text) == 0 ? 0 : zmq_errno();
  if (size != kRoutingIdSize) return EINVAL;
  const uint32_t id = value[0] | (static_cast<uint32_t>(value[1]) << 8) | (static_cast<uint32_t>(value[2]) << 16) |
                      (static_cast<uint32_t>(value[3]) << 24);
  return zmq_msg_set_routing_id(message->get(), id) == 0 ? 0 : zmq_errno();
}

// Writes the value of a message's tag. Returns its size, up to ZMQ_GROUP_MAX_LENGTH.
size_t GetTag(Message* message, Tag tag, char* value) {
  if (tag == Tag::kGroup) {
    const char* group = zmq_msg_group(message->get());
    if (group == nullptr) return 0;
    const size_t size = std::min<size_t>(std::strlen(group), ZMQ_GROUP_MAX_LENGTH);
    std::copy_n(group, size, value);
    return size;
  }
  const uint32_t id = zmq_msg_routing_id(message->get());
  for (size_t index = 0; index < kRoutingIdSize; index += 1) value[index] = static_cast<char>(id >> (8 * index));
  return kRoutingIdSize;
}

// Returns 0 or an error number.
int SendNow(void* socket, Message* message) {
  while (zmq_msg_send(message->get(), socket, ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() != EINTR) return zmq_errno();
  }
  return 0;
}

napi_value SendTagged(napi_env env, napi_callback_info info) {
  const Arguments<5> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  Message message;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.values[3], &type);
  if (type == napi_string) {
    if (!message.Encode(env, arguments.values[3])) return Throw(env, ENOMEM);
  } else {
    size_t size = 0;
    const uint8_t* data = arguments.Bytes(env, 3, &size);
    if (data == nullptr) return nullptr;
    const Environment& environment = *arguments.environment;
    const bool reference =
        size > kCopyLimit && (arguments.Number(env, 4) & kMayReference) != 0 && environment.main_thread;
    const bool ok = reference ? message.Reference(env, arguments.values[3], const_cast<uint8_t*>(data), size,
                                                  environment.release_queue())
                              : message.Copy(data, size);
    if (!ok) return Throw(env, ENOMEM);
  }
  size_t size = 0;
  const uint8_t* value = arguments.Bytes(env, 2, &size);
  if (value == nullptr) return nullptr;
  int error = SetTag(&message, static_cast<Tag>(arguments.Number(env, 1)), value, size);
  if (error == 0) error = SendNow(arguments.socket, &message);
  if (error != 0 && error != EAGAIN) return Throw(env, error);
  napi_value result = nullptr;
  napi_get_boolean(env, error == 0, &result);
  return result;
}

napi_value SendTaggedMany(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const auto tag = static_cast<Tag>(arguments.Number(env, 1));
  const Environment& environment = *arguments.environment;
  const uint8_t* next = environment.bytes;
  size_t room = Environment::kBytes;
  const uint32_t count = std::min<uint32_t>(arguments.Number(env, 2), Environment::kFrames);
  uint32_t sent = 0;
  for (; sent + 2 <= count; sent += 2) {
    const size_t value_size = environment.frames[sent] >> 1;
    const size_t size = environment.frames[sent + 1] >> 1;
    if (value_size + size > room) return ThrowType(env, "Frames must lie within the bytes");
    Message message;
    if (!message.Copy(next + value_size, size) || SetTag(&message, tag, next, value_size) != 0 ||
        SendNow(arguments.socket, &message) != 0) {
      break;
    }
    next += value_size + size;
    room -= value_size + size;
  }
  return ToNumber(env, sent);
}

napi_value ReceiveTagged(napi_env env, napi_callback_info info) {
  const Arguments<5> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const auto tag = static_cast<Tag>(arguments.Number(env, 1));
  uint32_t messages = arguments.Number(env, 2);
  const uint32_t offset = arguments.Number(env, 4);
  size_t room = 0;
  void* slab = nullptr;
  if (napi_get_typedarray_info(env, arguments.values[3], nullptr, &room, &slab, nullptr, nullptr) != napi_ok ||
      offset > room) {
    return ThrowType(env, "Slab must be a Uint8Array that holds the offset");
  }
  char* next = static_cast<char*>(slab) + offset;
  room -= offset;

  Environment& environment = *arguments.environment;
  environment.large.clear();
  environment.large_taken = 0;
  Message message;
  uint32_t count = 0;
  while (messages > 0 && count + 2 <= Environment::kFrames && room >= kCopyLimit) {
    if (zmq_msg_recv(message.get(), arguments.socket, ZMQ_DONTWAIT) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      if (error == EAGAIN || count > 0) break;
      return Throw(env, error);
    }
    const size_t value_size = GetTag(&message, tag, next);
    environment.frames[count] = (static_cast<uint32_t>(value_size) << 2) | 1;
    next += value_size;
    room -= value_size;
    const size_t size = message.size();
    if (size > kCopyLimit || size > room) {
      environment.frames[count + 1] = 2;
      environment.large.push_back(message.Take());
    } else {
      environment.frames[count + 1] = static_cast<uint32_t>(size) << 2;
      if (size > 0) std::memcpy(next, message.data(), size);
      next += size;
      room -= size;
    }
    count += 2;
    messages -= 1;
  }
  return ToNumber(env, count);
}

napi_value ConnectPeer(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const std::string address = Napi::String(env, arguments.values[1]);
  const uint32_t id = zmq_connect_peer(arguments.socket, address.c_str());
  if (id != 0) return ToNumber(env, id);
  ErrnoError(env, zmq_errno(), address).ThrowAsJavaScriptException();
  return nullptr;
}

template <int (*Call)(void*, const char*)>
napi_value ChangeGroup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  size_t size = 0;
  const uint8_t* bytes = arguments.Bytes(env, 1, &size);
  if (bytes != nullptr && Call(arguments.socket, Group(bytes, size).text) != 0) Throw(env, zmq_errno());
  return nullptr;
}

}  // namespace
#endif

void DefineDraft([[maybe_unused]] Napi::Env env, [[maybe_unused]] Napi::Object exports) {
#ifdef ZMQ_BUILD_DRAFT_API
  Environment* environment = &Environment::Of(env);
  const auto define = [&](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, environment, &function);
    exports.Set(name, function);
  };
  define("connectPeer", ConnectPeer);
  define("joinGroup", ChangeGroup<zmq_join>);
  define("leaveGroup", ChangeGroup<zmq_leave>);
  define("sendTagged", SendTagged);
  define("sendTaggedMany", SendTaggedMany);
  define("receiveTagged", ReceiveTagged);
#endif
}

}  // namespace ohmq
