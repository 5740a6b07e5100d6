// The poller of runtimes that do not have libuv.
#pragma once

#include <memory>

#include "poller/poll_thread.h"
#include "poller/poller.h"

namespace ohmq {

class ThreadPoller final : public Poller {
 public:
  // Null when the descriptor cannot be polled.
  static std::unique_ptr<Poller> Create(std::shared_ptr<PollThread> thread, zmq_fd_t descriptor, Callback callback,
                                        void* data);

  ~ThreadPoller() override;

  ThreadPoller(const ThreadPoller&) = delete;
  ThreadPoller& operator=(const ThreadPoller&) = delete;

  void Start() noexcept override;
  void Stop() noexcept override;
  void KeepAlive(bool keep) noexcept override;

  // For the poll thread, on the JavaScript thread: the descriptor has become readable and is not armed any more.
  // May destroy this.
  void Fired() noexcept;
  // Thereafter, if it still exists.
  void Rearm() noexcept;

 private:
  ThreadPoller(std::shared_ptr<PollThread> thread, zmq_fd_t descriptor, Callback callback, void* data)
      : thread_(std::move(thread)), descriptor_(descriptor), callback_(callback), data_(data) {}

  void Hold() noexcept;

  const std::shared_ptr<PollThread> thread_;
  const zmq_fd_t descriptor_;
  const Callback callback_;
  void* const data_;
  uint64_t key_ = 0;
  bool started_ = false;
  // The thread waits for it, or what it saw is on its way here.
  bool armed_ = false;
  bool keep_ = false;
  bool held_ = false;
};

}  // namespace ohmq
