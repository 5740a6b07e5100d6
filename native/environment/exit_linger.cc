#include "environment/exit_linger.h"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <zmq.h>

#ifdef _WIN32
#include <process.h>
#define getpid _getpid
#else
#include <unistd.h>
#endif

namespace ohmq {
namespace {

// How many contexts are ending. Never destroyed, because a thread that ends a context may outlive static destruction.
struct Ending {
  std::mutex mutex;
  std::condition_variable changed;
  int contexts = 0;
  int blocky = 0;
};

Ending& TheEnding() {
  static auto* ending = new Ending();
  return *ending;
}

void End(void* context) noexcept {
  while (zmq_ctx_term(context) != 0) {
    // libzmq needs a descriptor to end a context with an inproc connection that nobody bound to. One may become free.
    if (zmq_errno() != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

void EndLingering(void* context, std::vector<void*> monitor_readers, std::function<void()> ended) noexcept {
  Ending& ending = TheEnding();
  const int blocky = zmq_ctx_get(context, ZMQ_BLOCKY) == 1 ? 1 : 0;
  {
    const std::lock_guard<std::mutex> lock(ending.mutex);
    ending.contexts += 1;
    ending.blocky += blocky;
  }
  auto end = [context, readers = std::move(monitor_readers), ended = std::move(ended), blocky]() noexcept {
    for (void* reader : readers) zmq_close(reader);
    End(context);
    if (ended) ended();
    Ending& owner = TheEnding();
    const std::lock_guard<std::mutex> lock(owner.mutex);
    owner.contexts -= 1;
    owner.blocky -= blocky;
    owner.changed.notify_all();
  };
  try {
    std::thread(end).detach();
  } catch (const std::system_error&) {
    end();
  }
}

void WaitForLingering() noexcept {
  Ending& ending = TheEnding();
  std::unique_lock<std::mutex> lock(ending.mutex);
  const auto done = [&ending] { return ending.contexts == 0; };
  if (ending.changed.wait_for(lock, std::chrono::milliseconds(500), done)) return;
  std::fprintf(stderr, "(node:%d) WARNING: Waiting for queued ZeroMQ messages to be delivered.%s\n",
               static_cast<int>(getpid()),
               ending.blocky > 0 ? " Set 'context.blocky = false' to change this behaviour." : "");
  ending.changed.wait(lock, done);
}

}  // namespace ohmq
