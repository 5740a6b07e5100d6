// What the addon keeps for each environment (the main thread, or one worker thread).
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "message/message.h"
#include "message/message_memory.h"
#include "message/release_queue.h"
#include "poller/poll_thread.h"
#include "poller/poller.h"
#include "poller/uv_handles.h"
#include "prelude.h"

struct uv_loop_s;

namespace ohmq {

// A tag for objects of one class of this very library. A process may hold several: other versions, or copies, whose
// classes are alike in name only.
napi_type_tag TypeTag(uint64_t type) noexcept;

// Something that JavaScript holds and that must be let go of before its environment ends.
class Resource {
 public:
  virtual void Close() noexcept = 0;

 protected:
  ~Resource() = default;
};

class ContextHandle;
class Socket;

class Environment {
 public:
  static Environment& Create(Napi::Env env);
  // Before anything else: registers the one hook that closes everything at the environment's end. Without `uv`, nothing
  // of libuv is called, ever. The JavaScript may be evaluated several times over one addon: only the first call counts,
  // and returns true.
  bool Start(bool main_thread, bool uv);
  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  ~Environment();

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Napi::Env env() const { return env_; }
  bool has_uv() const { return loop_ != nullptr; }
  bool main_thread() const { return main_thread_; }
  // Its end has begun.
  bool closing() const { return closing_; }
  uv_loop_s* loop() const { return loop_; }
  UvHandles& uv_handles() { return uv_handles_; }

  // Watches a descriptor through libuv or, in an environment without it, with a thread. Null on failure.
  std::unique_ptr<Poller> CreatePoller(zmq_fd_t descriptor, Poller::Callback callback, void* data);

  // Open resources, to be closed by the hook. Close() removes.
  void Add(Resource* resource) { resources_.insert(resource); }
  // The same for one that uses others, and must be closed before them.
  void AddFirst(Resource* resource) { first_.insert(resource); }
  void Remove(Resource* resource) {
    resources_.erase(resource);
    first_.erase(resource);
  }

  const std::shared_ptr<ContextHandle>& default_context();
  const std::shared_ptr<ReleaseQueue>& release_queue() const { return release_queue_; }

  // Open sockets by slot. The calls on the hot path name a socket by its slot, because unwrapping an object costs as
  // much as the rest of the crossing.
  uint32_t TakeSlot(Socket* socket);
  void FreeSlot(uint32_t slot);
  template <typename Visit>
  void ForEachSocket(Visit visit) const {
    for (Socket* socket : slots_) {
      if (socket != nullptr) visit(socket);
    }
  }
  Socket* SocketAt(uint32_t slot) const { return slot < slots_.size() ? slots_[slot] : nullptr; }

  // Of the messages that this thread sends.
  MessageMemory message_memory;

  // Lengths of the frames that the last receive call brought, shared with JavaScript. See transfer.h.
  static constexpr size_t kFrames = 2048;
  uint32_t* frames = nullptr;
  Napi::Reference<Napi::Uint32Array> frames_array;

  // How often the event loop has come round, shared with JavaScript; libuv's loop counts, see turn_counter.h.
  uint32_t* turns = nullptr;
  Napi::Reference<Napi::Uint32Array> turns_array;

  // The bytes of frames that are to be sent, back to back, shared likewise. See transfer.h.
  static constexpr size_t kBytes = size_t{64} * 1024;
  uint8_t* bytes = nullptr;
  Napi::Reference<Napi::Uint8Array> bytes_array;

  // The bytes of the small frames that the last receive call brought. JavaScript copies them out, and nobody else sees
  // this memory, because messages of all sockets pass through it.
  uint8_t* received = nullptr;
  Napi::Reference<Napi::Uint8Array> received_array;

  // The frames of that call that were too large for it, in order.
  std::vector<Message> large;
  size_t large_taken = 0;

  // Of messages handed to JavaScript in their own memory, since V8 was last made to look at it.
  size_t external_bytes = 0;

 private:
  explicit Environment(Napi::Env env);

  void CleanUp() noexcept;

  const Napi::Env env_;
  bool started_ = false;
  bool main_thread_ = false;
  uv_loop_s* loop_ = nullptr;
  std::unordered_set<Resource*> first_;
  std::unordered_set<Resource*> resources_;
  UvHandles uv_handles_;
  std::vector<Socket*> slots_;
  std::vector<uint32_t> free_slots_;
  std::shared_ptr<ContextHandle> default_context_;
  std::shared_ptr<PollThread> poll_thread_;
  std::shared_ptr<ReleaseQueue> release_queue_ = std::make_shared<ReleaseQueue>();
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool closing_ = false;
};

}  // namespace ohmq
