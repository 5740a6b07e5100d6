#include "socket/draft.h"

#include <zmq.h>

#ifdef ZMQ_BUILD_DRAFT_API

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socket/transfer.h"

#endif

namespace ohmq {

#ifdef ZMQ_BUILD_DRAFT_API
namespace {

constexpr size_t kRoutingIdSize = 4;

void* HandleOf(Socket* socket) { return socket->handle()->get(); }

// Null, with an exception pending, unless the value is a Uint8Array.
const uint8_t* Bytes(napi_env env, napi_value value, size_t* size) {
  static const uint8_t none = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, nullptr, size, &data, nullptr, nullptr) != napi_ok) {
    ThrowType(env, "A routing id or group must be a Uint8Array");
    return nullptr;
  }
  return *size == 0 ? &none : static_cast<const uint8_t*>(data);
}

// A group, with the NUL that libzmq needs. lib/message/form.ts has checked its length.
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

napi_value SendTagged(napi_env env, napi_callback_info info) {
  const Arguments<5> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  Message message;
  size_t size = 0;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.values[3], &type);
  if (type == napi_string) {
    if (!message.Encode(env, arguments.values[3], &arguments.environment->message_memory)) return Throw(env, ENOMEM);
    size = message.size();
  } else if (!TakePart(env, arguments.environment, arguments.values[3], arguments.Number(env, 4), &message, &size)) {
    return nullptr;
  }
  size_t value_size = 0;
  const uint8_t* value = Bytes(env, arguments.values[2], &value_size);
  if (value == nullptr) return nullptr;
  int error = SetTag(&message, static_cast<Tag>(arguments.Number(env, 1)), value, value_size);
  if (error == 0) error = SendNow(HandleOf(arguments.socket), &arguments.socket->sent, &message, size);
  if (error != 0 && error != EAGAIN) return Throw(env, error);
  return ToBoolean(env, error == 0);
}

napi_value SendTaggedMany(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const auto tag = static_cast<Tag>(arguments.Number(env, 1));
  Environment& environment = *arguments.environment;
  const uint8_t* next = environment.bytes;
  size_t room = Environment::kBytes;
  const uint32_t count = std::min<uint32_t>(arguments.Number(env, 2), Environment::kFrames);
  uint32_t sent = 0;
  for (; sent + 2 <= count; sent += 2) {
    const size_t value_size = FrameSize(environment.frames[sent]);
    const size_t size = FrameSize(environment.frames[sent + 1]);
    if (value_size + size > room) return ThrowType(env, "The frames are larger than the shared memory");
    Message message;
    if (!message.Copy(&environment.message_memory, next + value_size, size) ||
        SetTag(&message, tag, next, value_size) != 0 ||
        SendNow(HandleOf(arguments.socket), &arguments.socket->sent, &message, size) != 0) {
      break;
    }
    next += value_size + size;
    room -= value_size + size;
  }
  return ToNumber(env, sent);
}

napi_value ReceiveTagged(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const auto tag = static_cast<Tag>(arguments.Number(env, 1));
  return ReceiveFrames(env, arguments.environment, arguments.socket, arguments.Number(env, 2),
                       [tag](FrameWriter* frames, Message* message, size_t size, bool more) {
                         frames->Add(GetTag(message, tag, frames->next()), true);
                         frames->Add(message, size, more);
                       });
}

napi_value ConnectPeer(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const std::string address = Napi::String(env, arguments.values[1]);
  const uint32_t id = zmq_connect_peer(HandleOf(arguments.socket), address.c_str());
  if (id != 0) return ToNumber(env, id);
  ErrnoError(env, zmq_errno(), address).ThrowAsJavaScriptException();
  return nullptr;
}

template <int (*Call)(void*, const char*)>
napi_value ChangeGroup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  size_t size = 0;
  const uint8_t* bytes = Bytes(env, arguments.values[1], &size);
  if (bytes != nullptr && Call(HandleOf(arguments.socket), Group(bytes, size).text) != 0) Throw(env, zmq_errno());
  return nullptr;
}

}  // namespace
#endif

Napi::Value TagValue(Napi::Env env, [[maybe_unused]] Message* message, [[maybe_unused]] Tag tag) {
#ifdef ZMQ_BUILD_DRAFT_API
  char value[ZMQ_GROUP_MAX_LENGTH];
  return Napi::Buffer<char>::Copy(env, value, GetTag(message, tag, value));
#else
  return env.Undefined();
#endif
}

void DefineDraft([[maybe_unused]] Napi::Env env, [[maybe_unused]] Napi::Object exports) {
#ifdef ZMQ_BUILD_DRAFT_API
  DefineFunction(env, exports, "connectPeer", ConnectPeer);
  DefineFunction(env, exports, "joinGroup", ChangeGroup<zmq_join>);
  DefineFunction(env, exports, "leaveGroup", ChangeGroup<zmq_leave>);
  DefineFunction(env, exports, "sendTagged", SendTagged);
  DefineFunction(env, exports, "sendTaggedMany", SendTaggedMany);
  DefineFunction(env, exports, "receiveTagged", ReceiveTagged);
#endif
}

}  // namespace ohmq
