#include "socket/metadata.h"

#include <cerrno>
#include <string>

#include "environment/environment.h"
#include "errors.h"
#include "message/message.h"
#include "socket/draft.h"
#include "socket/socket.h"

namespace ohmq {
namespace {

Napi::Array Properties(Napi::Env env, Message& message, Napi::Array names) {
  Napi::Array values = Napi::Array::New(env, names.Length());
  for (uint32_t index = 0; index < names.Length(); index += 1) {
    const Napi::Value name = names.Get(index);
    if (!name.IsString()) break;  // a worker thread that is being terminated
    const char* value = zmq_msg_gets(message.get(), name.As<Napi::String>().Utf8Value().c_str());
    values.Set(index, value == nullptr ? env.Null() : Napi::String::New(env, value));
  }
  return values;
}

}  // namespace

Napi::Value ReceiveWithMetadata(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& environment = Environment::Of(env);
  Socket* socket = environment.SocketAt(info[0].As<Napi::Number>());
  if (socket == nullptr) return Throw(env, EBADF);
  Napi::Array parts = Napi::Array::New(env);
  Napi::Object result = Napi::Object::New(env);
  Message message;
  for (bool more = true; more;) {
    if (zmq_msg_recv(message.get(), socket->handle()->get(), ZMQ_DONTWAIT) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      if (error == EAGAIN) return env.Undefined();
      return Throw(env, error);
    }
    more = message.more();
    socket->received.Add(message.size(), more);
    // All parts have the same properties, except that the routing id before them, which a ROUTER adds, may have none.
    if (!more) result.Set("values", Properties(env, message, info[1].As<Napi::Array>()));
    if (info[2].IsNumber()) {
      const auto tag = static_cast<Tag>(info[2].As<Napi::Number>().Uint32Value());
      parts.Set(parts.Length(), TagValue(env, &message, tag));
    }
    parts.Set(parts.Length(), ToBuffer(env, message.Take(), &environment.external_bytes));
  }
  result.Set("parts", parts);
  return result;
}

}  // namespace ohmq
