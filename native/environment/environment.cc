#include "environment/environment.h"

#include <atomic>

#include "context/context_handle.h"
#include "environment/exit_linger.h"
#include "environment/turn_counter.h"
#include "poller/thread_poller.h"
#include "poller/uv_poller.h"

namespace ohmq {
namespace {

// How many environments of this process have loaded the addon. The last one to end waits for queued messages.
std::atomic<int> environments{0};

// Creates memory that JavaScript shares. Null if that fails, as in a worker thread that is being terminated.
template <typename Element>
Element* Share(Napi::Env env, napi_typedarray_type type, size_t count,
               Napi::Reference<Napi::TypedArrayOf<Element>>* reference) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, count * sizeof(Element), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, type, count, buffer, 0, &array) != napi_ok) {
    return nullptr;
  }
  *reference = Napi::Persistent(Napi::TypedArrayOf<Element>(env, array));
  return static_cast<Element*>(data);
}

const char library = 0;

}  // namespace

napi_type_tag TypeTag(uint64_t type) noexcept { return {type, reinterpret_cast<uintptr_t>(&library)}; }

Environment::Environment(Napi::Env env) : env_(env) {
  frames = Share(env, napi_uint32_array, kFrames, &frames_array);
  turns = Share(env, napi_uint32_array, 1, &turns_array);
  bytes = Share(env, napi_uint8_array, kBytes, &bytes_array);
  received = Share(env, napi_uint8_array, kBytes, &received_array);
  environments += 1;
}

Environment& Environment::Create(Napi::Env env) {
  auto* environment = new Environment(env);
  env.SetInstanceData(environment);
  return *environment;
}

bool Environment::Start(bool main_thread, bool uv) {
  if (started_) return false;
  started_ = true;
  main_thread_ = main_thread;
  if (uv) {
    napi_get_uv_event_loop(env_, &loop_);
    napi_add_async_cleanup_hook(
        env_, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Environment*>(data)->CleanUp(); }, this,
        &hook_);
    if (turns != nullptr) CountTurns(*this);
  } else {
    // Without libuv nothing remains to be done after CleanUp, and Deno 2.9 frees an asynchronous hook twice.
    napi_add_env_cleanup_hook(
        env_, [](void* data) { static_cast<Environment*>(data)->CleanUp(); }, this);
  }
  return true;
}

Environment::~Environment() { release_queue_->Close(); }

const std::shared_ptr<ContextHandle>& Environment::default_context() {
  if (default_context_ == nullptr) default_context_ = ContextHandle::Default();
  return default_context_;
}

std::unique_ptr<Poller> Environment::CreatePoller(zmq_fd_t descriptor, Poller::Callback callback, void* data) {
  if (has_uv()) return CreateUvPoller(loop_, &uv_handles_, descriptor, callback, data);
  if (poll_thread_ == nullptr) poll_thread_ = PollThread::Create(env_);
  return ThreadPoller::Create(poll_thread_, descriptor, callback, data);
}

// JavaScript may no longer be able to run, so nothing below calls it.
void Environment::CleanUp() noexcept {
  closing_ = true;
  while (!first_.empty()) (*first_.begin())->Close();
  while (!resources_.empty()) (*resources_.begin())->Close();
  if (poll_thread_ != nullptr) poll_thread_->Close();
  large.clear();
  default_context_.reset();
  environments -= 1;
  if (environments == 0) WaitForLingering();
  // Not earlier, because libzmq may have been reading from buffers that the queue holds.
  release_queue_->Close();
  // libuv's handles must be closed before the loop ends, so the hook completes with the last of them.
  if (hook_ != nullptr) uv_handles_.WhenClosed([hook = hook_] { napi_remove_async_cleanup_hook(hook); });
}

uint32_t Environment::TakeSlot(Socket* socket) {
  if (free_slots_.empty()) {
    slots_.push_back(socket);
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = socket;
  return slot;
}

void Environment::FreeSlot(uint32_t slot) {
  slots_[slot] = nullptr;
  free_slots_.push_back(slot);
}

}  // namespace ohmq
