// The poller for runtimes without libuv.
#pragma once

#include <memory>

#include "poller/poll_thread.h"
#include "poller/poller.h"

namespace ohmq {

class ThreadPoller final : public Poller {
 public:
  // Null if the descriptor cannot be polled.
  static std::unique_ptr<Poller> Create(std::shared_ptr<PollThread> thread, zmq_fd_t descriptor, Callback callback,
                                        void* data);

  ~ThreadPoller() override;

  ThreadPoller(const ThreadPoller&) = delete;
  ThreadPoller& operator=(const ThreadPoller&) = delete;

  void Start() noexcept override;
  void Stop() noexcept override;
  void KeepAlive(bool keep) noexcept override;

  // PollThread calls this on the JavaScript thread: the descriptor has become readable, and is disarmed. May destroy
  // this.
  void Fired() noexcept;
  // PollThread calls this after Fired, if this still exists.
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
  // The thread waits for the descriptor, or has seen it and the report is on its way.
  bool armed_ = false;
  bool keep_ = false;
  bool held_ = false;
};

}  // namespace ohmq
