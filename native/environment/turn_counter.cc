#include "environment/turn_counter.h"

#include <uv.h>

#include "environment/environment.h"

// Weak, because a runtime without libuv must be able to load the addon.
#ifndef _WIN32
#pragma weak uv_check_init
#pragma weak uv_check_start
#pragma weak uv_close
#pragma weak uv_unref
#endif

namespace ohmq {
namespace {

// libuv owns this from its initialisation until its close callback.
class TurnCounter final : public Resource {
 public:
  explicit TurnCounter(Environment& environment) : environment_(environment) {
    uv_check_init(environment.loop(), &check_);
    check_.data = this;
    uv_check_start(&check_,
                   [](uv_check_t* check) { *static_cast<TurnCounter*>(check->data)->environment_.turns += 1; });
    uv_unref(base());
    environment.uv_handles().Opened();
    environment.Add(this);
  }

  void Close() noexcept override {
    environment_.Remove(this);
    uv_close(base(), [](uv_handle_t* closed) {
      auto* counter = static_cast<TurnCounter*>(closed->data);
      UvHandles& handles = counter->environment_.uv_handles();
      delete counter;
      handles.Closed();
    });
  }

 private:
  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&check_); }

  Environment& environment_;
  uv_check_t check_ = {};
};

}  // namespace

void CountTurns(Environment& environment) { new TurnCounter(environment); }

}  // namespace ohmq
