#include "socket/transfer.h"

#include <algorithm>

namespace ohmq {
namespace {

napi_value Send(napi_env env, Socket* socket, Message* message, size_t size, uint32_t flags) {
  const int more = (flags & SendFlags::kMore) != 0 ? ZMQ_SNDMORE : 0;
  const int error = SendNow(socket->handle()->get(), &socket->sent, message, size, more);
  if (error != 0 && error != EAGAIN) return Throw(env, error);
  return ToBoolean(env, error == 0);
}

napi_value SendBytes(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  const uint32_t flags = arguments.Number(env, 2);
  Message message;
  size_t size = 0;
  if (!TakePart(env, arguments.environment, arguments.values[1], flags, &message, &size)) return nullptr;
  return Send(env, arguments.socket, &message, size, flags);
}

napi_value SendText(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  Message message;
  if (!message.Encode(env, arguments.values[1], &arguments.environment->message_memory)) return Throw(env, ENOMEM);
  return Send(env, arguments.socket, &message, message.size(), arguments.Number(env, 2));
}

// While this lives, the socket's messages do not wake their readers; afterwards each reader is woken once. A reader
// that is woken in between soon has nothing left to read, and sleeps again (docs/performance.md has figures).
class HeldWakes {
 public:
#ifdef OHMQ_HAS_HOLD_WAKES
  // If the socket is null, this does nothing.
  explicit HeldWakes(void* socket) : socket_(socket) {
    if (socket_ != nullptr) ohmq_hold_wakes(socket_, 1);
  }
  ~HeldWakes() {
    if (socket_ != nullptr) ohmq_hold_wakes(socket_, 0);
  }

  HeldWakes(const HeldWakes&) = delete;
  HeldWakes& operator=(const HeldWakes&) = delete;

 private:
  void* const socket_;
#else
  explicit HeldWakes(void* /*socket*/) {}
#endif
};

napi_value SendMany(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  Environment& environment = *arguments.environment;
  const uint8_t* next = environment.bytes;
  size_t room = Environment::kBytes;
  const uint32_t count = std::min<uint32_t>(arguments.Number(env, 1), Environment::kFrames);
  void* socket = arguments.socket->handle()->get();
  // A copy, because the compiler cannot keep a member in registers across calls of libzmq: 2 ns for each message.
  Count counted = arguments.socket->sent;
  const bool several = std::any_of(environment.frames, environment.frames + std::max<uint32_t>(count, 1) - 1,
                                   [](uint32_t frame) { return !FrameHasMore(frame); });
  const HeldWakes wakes(several ? socket : nullptr);
  uint32_t sent = 0;
  for (; sent < count; sent += 1) {
    const size_t size = FrameSize(environment.frames[sent]);
    if (size > room) {
      ThrowType(env, "The frames are larger than the shared memory");
      break;
    }
    Message message;
    if (!message.Copy(&environment.message_memory, next, size)) break;
    if (SendNow(socket, &counted, &message, size, FrameHasMore(environment.frames[sent]) ? ZMQ_SNDMORE : 0) != 0) break;
    next += size;
    room -= size;
  }
  arguments.socket->sent = counted;
  return ToNumber(env, sent);
}

napi_value Receive(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  return ReceiveFrames(
      env, arguments.environment, arguments.socket, arguments.Number(env, 1),
      [](FrameWriter* frames, Message* message, size_t size, bool more) { frames->Add(message, size, more); });
}

napi_value Events(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  int events = 0;
  if (!arguments.socket->ReadEvents(&events)) return Throw(env, zmq_errno());
  napi_value result = nullptr;
  napi_create_int32(env, events, &result);
  return result;
}

napi_value Watch(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  if (arguments.socket == nullptr) return nullptr;
  return ToBoolean(env, arguments.socket->Watch(static_cast<int>(arguments.Number(env, 1))));
}

}  // namespace

void DefineTransfer(Napi::Env env, Napi::Object exports) {
  DefineFunction(env, exports, "sendBytes", SendBytes);
  DefineFunction(env, exports, "sendText", SendText);
  DefineFunction(env, exports, "sendMany", SendMany);
  DefineFunction(env, exports, "receive", Receive);
  DefineFunction(env, exports, "events", Events);
  DefineFunction(env, exports, "watch", Watch);
}

}  // namespace ohmq
