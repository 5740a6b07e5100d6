#include "message/message.h"

#include <cstdlib>
#include <cstring>

#include "message/message_memory.h"
#include "message/release_queue.h"

namespace ohmq {

bool Message::Copy(MessageMemory* memory, const void* data, size_t size) noexcept {
  if (!memory->Allocate(&message_, size)) return false;
  if (size > 0) std::memcpy(zmq_msg_data(&message_), data, size);
  return true;
}

bool Message::Encode(napi_env env, napi_value value, MessageMemory* memory) {
  // One pass is enough for most strings. A character takes at most four bytes, and a NUL ends the string. So if five or
  // more bytes are unused, the string was not cut off.
  char scratch[1024];
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, scratch, sizeof scratch, &size) != napi_ok) return false;
  if (size + 5 <= sizeof scratch) return Copy(memory, scratch, size);

  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return false;
  // Node-API writes a NUL after the string, for which zmq_msg_init_size has no room.
  auto* bytes = static_cast<char*>(std::malloc(size + 1));
  if (bytes == nullptr) return false;
  napi_get_value_string_utf8(env, value, bytes, size + 1, &size);
  if (zmq_msg_init_data(
          &message_, bytes, size, [](void* data, void*) { std::free(data); }, nullptr) != 0) {
    std::free(bytes);
    zmq_msg_init(&message_);
    return false;
  }
  return true;
}

bool Message::Reference(napi_env env, napi_value value, void* data, size_t size,
                        const std::shared_ptr<ReleaseQueue>& queue) {
  ReleaseQueue::Item* item = queue->Hold(env, value);
  if (item == nullptr) return false;
  if (zmq_msg_init_data(
          &message_, data, size,
          [](void*, void* hint) { ReleaseQueue::Release(static_cast<ReleaseQueue::Item*>(hint)); }, item) != 0) {
    ReleaseQueue::Release(item);
    zmq_msg_init(&message_);
    return false;
  }
  return true;
}

namespace {

// V8's quick collections of young objects free what new Buffers hold. But when external memory grows too large, V8 runs
// a full collection. Before V8 allocates an ArrayBuffer of its own, it checks whether a quick one is enough, so we make
// it do that now and then: that takes a fourth of the CPU time at 1 MB, and half the memory (docs/performance.md).
void CountExternal(Napi::Env env, size_t size, size_t* bytes) {
  constexpr size_t kStep = size_t{1} << 20;
  *bytes += size;
  if (*bytes < kStep) return;
  *bytes = 0;
  void* data = nullptr;
  napi_value unused = nullptr;
  napi_create_arraybuffer(env, 1, &data, &unused);
}

}  // namespace

Napi::Value ToBuffer(Napi::Env env, Message&& message, size_t* external_bytes) {
  napi_value buffer = nullptr;
  if (zmq_msg_get(message.get(), ZMQ_SHARED) == 1) {
    // Other receivers in this process have the same bytes, and JavaScript can write to a Buffer.
    napi_create_buffer_copy(env, message.size(), message.data(), nullptr, &buffer);
    return Napi::Value(env, buffer);
  }
  CountExternal(env, message.size(), external_bytes);
  auto* owned = new Message(std::move(message));
  void* data = owned->data();
  const size_t size = owned->size();
  const napi_status status = napi_create_external_buffer(
      env, size, data, [](napi_env, void*, void* hint) { delete static_cast<Message*>(hint); }, owned, &buffer);
  if (status == napi_ok) return Napi::Value(env, buffer);
  // The message is larger than a Buffer can be. The runtime has called the finalizer, or will call it.
  if (status == napi_generic_failure) return Napi::Value();
  // napi_no_external_buffers_allowed: the runtime keeps all memory of JavaScript in a sandbox.
  napi_create_buffer_copy(env, size, data, nullptr, &buffer);
  delete owned;
  return Napi::Value(env, buffer);
}

}  // namespace ohmq
