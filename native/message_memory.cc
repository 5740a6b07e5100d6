#include "message_memory.h"

#include <atomic>
#include <new>

// Internals of the libzmq that is linked statically: in a message made by its decoder, what libzmq keeps of it lies
// with the bytes. A message of the public zmq_msg_init_data has an allocation for that, and costs a third more.
#if !defined(_WIN32) && __has_include("libzmq/msg.hpp")
#include "libzmq/msg.hpp"
#define OHMQ_HAS_CONTENT
#endif

namespace ohmq {
namespace {

// Up to so many bytes lie in the zmq_msg_t itself.
constexpr size_t kInline = 33;

#ifdef OHMQ_HAS_CONTENT
using Content = zmq::msg_t::content_t;
constexpr size_t kContent = sizeof(Content);
static_assert(sizeof(zmq::msg_t) == sizeof(zmq_msg_t) && kInline == zmq::msg_t::max_vsm_size);
#else
constexpr size_t kContent = 0;
#endif

constexpr size_t kSlab = 8192;
constexpr size_t kAlignment = alignof(void*);

}  // namespace

struct alignas(64) MessageMemory::Slab {
  // Messages cut from it less messages freed. The former are added when there will be no more, so that the thread that
  // cuts and those that free do not write to the same memory in turn.
  std::atomic<int64_t> messages{0};
  alignas(64) char bytes[kSlab - 64];
};

bool MessageMemory::Allocate(zmq_msg_t* message, size_t size) noexcept {
  const bool done = size > kInline && size <= kLargest ? Cut(message, size) : zmq_msg_init_size(message, size) == 0;
  if (!done) zmq_msg_init(message);
  return done;
}

bool MessageMemory::Cut(zmq_msg_t* message, size_t size) noexcept {
  const size_t needed = (kContent + size + kAlignment - 1) & ~(kAlignment - 1);
  if (slab_ == nullptr || used_ + needed > sizeof slab_->bytes) {
    Retire();
    slab_ = new (std::nothrow) Slab;
    if (slab_ == nullptr) return false;
  }
  char* place = slab_->bytes + used_;
#ifdef OHMQ_HAS_CONTENT
  // zmq_msg_t is what the functions of zmq.h are given; inside they take it for this.
  auto* made = reinterpret_cast<zmq::msg_t*>(message);
  if (made->init_external_storage(new (place) Content, place + kContent, size, Release, slab_) != 0) return false;
#else
  if (zmq_msg_init_data(message, place, size, Release, slab_) != 0) return false;
#endif
  used_ += needed;
  cut_ += 1;
  return true;
}

void MessageMemory::Retire() noexcept {
  if (slab_ != nullptr && slab_->messages.fetch_add(cut_, std::memory_order_acq_rel) == -cut_) delete slab_;
  slab_ = nullptr;
  used_ = 0;
  cut_ = 0;
}

void MessageMemory::Release(void* /*data*/, void* hint) {
  auto* slab = static_cast<Slab*>(hint);
  if (slab->messages.fetch_sub(1, std::memory_order_acq_rel) == 1) delete slab;
}

}  // namespace ohmq
