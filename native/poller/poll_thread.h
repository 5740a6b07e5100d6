// The thread that waits for the sockets of one environment in runtimes without libuv.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "poller/descriptor_set.h"
#include "poller/poller.h"
#include "prelude.h"

namespace ohmq {

class ThreadPoller;

// Reports readable descriptors to the JavaScript thread through a thread-safe function. The function's reference keeps
// the event loop alive. All members are for the JavaScript thread, except where a comment says otherwise.
class PollThread : public std::enable_shared_from_this<PollThread> {
 public:
  // Null if the system has no thread or no descriptor left.
  static std::shared_ptr<PollThread> Create(Napi::Env env);

  ~PollThread() { Close(); }

  PollThread(const PollThread&) = delete;
  PollThread& operator=(const PollThread&) = delete;

  // Ends the thread, at the latest when the environment ends. A second call does nothing.
  void Close() noexcept;

  DescriptorSet& set() { return *set_; }

  // Returns the poller's key.
  uint64_t Add(ThreadPoller* poller);
  void Remove(uint64_t key) { pollers_.erase(key); }

  // One pair of calls for each poller that keeps the event loop alive.
  void Hold() noexcept;
  void Release() noexcept;

 private:
  PollThread(Napi::Env env, std::unique_ptr<DescriptorSet> set) : env_(env), set_(std::move(set)) {}

  void EndThread() noexcept;
  // The body of the thread.
  void Run() noexcept;
  void Dispatch() noexcept;

  const Napi::Env env_;
  const std::unique_ptr<DescriptorSet> set_;
  std::unordered_map<uint64_t, ThreadPoller*> pollers_;
  uint64_t last_key_ = 0;
  size_t holds_ = 0;
  // Null once the runtime has finalized it.
  napi_threadsafe_function function_ = nullptr;
  std::thread thread_;
  std::atomic<bool> ending_{false};

  // Keys of readable descriptors that were not dispatched yet. While there are any, one call is pending.
  std::mutex mutex_;
  std::vector<uint64_t> fired_;
};

}  // namespace ohmq
