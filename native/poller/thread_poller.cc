#include "poller/thread_poller.h"

namespace ohmq {

std::unique_ptr<Poller> ThreadPoller::Create(std::shared_ptr<PollThread> thread, zmq_fd_t descriptor, Callback callback,
                                             void* data) {
  if (thread == nullptr) return nullptr;
  std::unique_ptr<ThreadPoller> poller(new ThreadPoller(std::move(thread), descriptor, callback, data));
  poller->key_ = poller->thread_->Add(poller.get());
  if (!poller->thread_->set().Add(descriptor, poller->key_)) return nullptr;
  return poller;
}

ThreadPoller::~ThreadPoller() {
  Stop();
  thread_->Remove(key_);
  thread_->set().Remove(descriptor_);
}

void ThreadPoller::Start() noexcept {
  if (started_) return;
  started_ = true;
  Rearm();
  Hold();
}

// The descriptor stays armed. Fired ignores what happens meanwhile.
void ThreadPoller::Stop() noexcept {
  if (!started_) return;
  started_ = false;
  Hold();
}

void ThreadPoller::KeepAlive(bool keep) noexcept {
  keep_ = keep;
  Hold();
}

void ThreadPoller::Fired() noexcept {
  armed_ = false;
  if (started_) callback_(data_);
}

void ThreadPoller::Rearm() noexcept {
  if (!started_ || armed_) return;
  armed_ = true;
  thread_->set().Arm(descriptor_, key_);
}

void ThreadPoller::Hold() noexcept {
  const bool hold = started_ && keep_;
  if (hold == held_) return;
  held_ = hold;
  if (hold) {
    thread_->Hold();
  } else {
    thread_->Release();
  }
}

}  // namespace ohmq
