// What the addon keeps for each environment: for the main thread, and for each worker thread.
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

// A tag for the objects of one class of this copy of the addon. A process may load several versions or copies, whose
// classes have nothing in common but their names.
napi_type_tag TypeTag(uint64_t type) noexcept;

// Something that JavaScript holds, and that must be closed before its environment ends.
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
  // Must be called before anything else. Registers the one hook that closes everything when the environment ends.
  // Without `uv`, the addon never calls libuv. The JavaScript may be evaluated several times over one addon: only the
  // first call counts, and returns true.
  bool Start(bool main_thread, bool uv);
  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  ~Environment();

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Napi::Env env() const { return env_; }
  bool has_uv() const { return loop_ != nullptr; }
  bool main_thread() const { return main_thread_; }
  // Whether its end has begun.
  bool closing() const { return closing_; }
  uv_loop_s* loop() const { return loop_; }
  UvHandles& uv_handles() { return uv_handles_; }

  // Watches a descriptor through libuv or, in an environment without it, with a thread. Null on failure.
  std::unique_ptr<Poller> CreatePoller(zmq_fd_t descriptor, Poller::Callback callback, void* data);

  // Adds an open resource, which the hook will close. The resource's Close() must remove it.
  void Add(Resource* resource) { resources_.insert(resource); }
  // The same for a resource that uses others, and must be closed before them.
  void AddFirst(Resource* resource) { first_.insert(resource); }
  void Remove(Resource* resource) {
    resources_.erase(resource);
    first_.erase(resource);
  }

  const std::shared_ptr<ContextHandle>& default_context();
  const std::shared_ptr<ReleaseQueue>& release_queue() const { return release_queue_; }

  // The open sockets, by slot. Calls on the hot path name a socket by its slot, because unwrapping an object costs as
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

  // For the messages that this thread sends.
  MessageMemory message_memory;

  // The frames that the last receive call took, or that the next send call is to send. Shared with JavaScript; see
  // transfer.h.
  static constexpr size_t kFrames = 2048;
  uint32_t* frames = nullptr;
  Napi::Reference<Napi::Uint32Array> frames_array;

  // How many turns the event loop has made. Shared with JavaScript; libuv's loop counts them, see turn_counter.h.
  uint32_t* turns = nullptr;
  Napi::Reference<Napi::Uint32Array> turns_array;

  // The bytes of the frames to send, back to back. Also shared.
  static constexpr size_t kBytes = size_t{64} * 1024;
  uint8_t* bytes = nullptr;
  Napi::Reference<Napi::Uint8Array> bytes_array;

  // The bytes of the small frames that the last receive call took. lib/message/message.ts copies them out and never
  // shows this memory to anybody else, because the messages of all sockets pass through it.
  uint8_t* received = nullptr;
  Napi::Reference<Napi::Uint8Array> received_array;

  // The large frames of that call, in order.
  std::vector<Message> large;
  size_t large_taken = 0;

  // How many bytes JavaScript got in memory of libzmq since V8 was last made to look at that memory.
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
