#include "poller/poll_thread.h"

#include <chrono>
#include <csignal>
#include <system_error>

#include "poller/thread_poller.h"

namespace ohmq {
namespace {

// Blocks all signals, which belong to the threads of the runtime.
class SignalsBlocked {
 public:
#ifdef _WIN32
  SignalsBlocked() noexcept = default;
#else
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
#endif
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
#ifndef _WIN32
  sigset_t before_{};
#endif
};

}  // namespace

std::shared_ptr<PollThread> PollThread::Create(Napi::Env env) {
  auto set = DescriptorSet::Create();
  if (set == nullptr) return nullptr;
  std::shared_ptr<PollThread> self(new PollThread(env, std::move(set)));
  // The function holds it, too, because the runtime may finalize the function before or after our cleanup hook.
  auto* held = new std::shared_ptr<PollThread>(self);
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "ohmq:poll"), 0, 1, held,
      [](napi_env, void* data, void*) {
        auto* owner = static_cast<std::shared_ptr<PollThread>*>(data);
        (*owner)->EndThread();
        (*owner)->function_ = nullptr;
        delete owner;
      },
      held,
      [](napi_env environment, napi_value, void* context, void*) {
        if (environment != nullptr) (*static_cast<std::shared_ptr<PollThread>*>(context))->Dispatch();
      },
      &self->function_);
  if (status != napi_ok) {
    delete held;
    return nullptr;
  }
  napi_unref_threadsafe_function(env, self->function_);
  try {
    const SignalsBlocked blocked;
    self->thread_ = std::thread([thread = self.get()] { thread->Run(); });
  } catch (const std::system_error&) {
    self->Close();
    return nullptr;
  }
  return self;
}

void PollThread::EndThread() noexcept {
  if (!thread_.joinable()) return;
  ending_ = true;
  set_->Interrupt();
  thread_.join();
}

void PollThread::Close() noexcept {
  EndThread();
  if (function_ != nullptr) napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

uint64_t PollThread::Add(ThreadPoller* poller) {
  last_key_ += 1;
  pollers_.emplace(last_key_, poller);
  return last_key_;
}

void PollThread::Hold() noexcept {
  holds_ += 1;
  if (holds_ == 1 && function_ != nullptr) napi_ref_threadsafe_function(env_, function_);
}

void PollThread::Release() noexcept {
  holds_ -= 1;
  if (holds_ == 0 && function_ != nullptr) napi_unref_threadsafe_function(env_, function_);
}

void PollThread::Run() noexcept {
  std::vector<uint64_t> keys;
  while (true) {
    if (!set_->Wait(&keys)) {
      if (ending_) return;
      // The system had no memory, or a limit was lowered. If the thread ended, all sockets would wait forever.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    bool call = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      call = fired_.empty();
      fired_.insert(fired_.end(), keys.begin(), keys.end());
    }
    if (call) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
    keys.clear();
  }
}

void PollThread::Dispatch() noexcept {
  // A callback may close sockets, and may end the environment.
  const std::shared_ptr<PollThread> self = weak_from_this().lock();
  std::vector<uint64_t> fired;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    fired.swap(fired_);
  }
  for (const uint64_t key : fired) {
    auto found = pollers_.find(key);
    if (found == pollers_.end()) continue;
    found->second->Fired();
    found = pollers_.find(key);
    if (found != pollers_.end()) found->second->Rearm();
  }
}

}  // namespace ohmq
