#include "message/message_memory.h"

#include <atomic>
#include <initializer_list>
#include <new>

namespace ohmq {
namespace {

// Messages up to this size lie in the zmq_msg_t itself.
constexpr size_t kInline = 33;

#ifndef OHMQ_HAS_MSG_INIT_IN
// For an installed libzmq, which has no patches.
size_t ohmq_msg_content_size() { return 0; }
int ohmq_msg_init_in(zmq_msg_t* message, void* place, size_t size, zmq_free_fn* release, void* hint) {
  return zmq_msg_init_data(message, place, size, release, hint);
}
#endif

constexpr size_t kSlab = 8192;
constexpr size_t kAlignment = alignof(void*);

}  // namespace

struct alignas(64) MessageMemory::Slab {
  // Messages cut minus messages freed. The number cut is added when no more will be cut, so that the thread that cuts
  // and the threads that free do not keep writing to the same memory.
  std::atomic<int64_t> messages{0};
  Slab* next = nullptr;
  // Where the slab goes when it is free. Messages may outlive the thread that cut them.
  std::shared_ptr<Spares> spares;
  alignas(64) char bytes[kSlab - 64];
};

// A lock-free list of slabs without messages. Any thread adds. The thread that cuts takes the whole list at once, which
// rules out ABA: no slab can be taken and added again while another thread adds.
class MessageMemory::Spares {
 public:
  void Add(Slab* slab) noexcept {
    if (count_.fetch_add(1, std::memory_order_relaxed) < kMost) {
      slab->next = first_.load(std::memory_order_relaxed);
      while (slab->next != Closed()) {
        if (first_.compare_exchange_weak(slab->next, slab, std::memory_order_release, std::memory_order_relaxed))
          return;
      }
    }
    count_.fetch_sub(1, std::memory_order_relaxed);
    delete slab;
  }

  // Only for the thread that cuts. Null if there is no slab.
  Slab* Take() noexcept {
    if (taken_ == nullptr) taken_ = first_.exchange(nullptr, std::memory_order_acquire);
    Slab* slab = taken_;
    if (slab == nullptr) return nullptr;
    taken_ = slab->next;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return slab;
  }

  // From now on, slabs that are added are freed.
  void Close() noexcept {
    for (Slab* list : {taken_, first_.exchange(Closed(), std::memory_order_acquire)}) {
      while (list != nullptr) {
        Slab* next = list->next;
        delete list;
        list = next;
      }
    }
    taken_ = nullptr;
  }

 private:
  // Marks the list as closed.
  static Slab* Closed() noexcept {
    static char place = 0;
    return reinterpret_cast<Slab*>(&place);
  }

  // A thread keeps at most 256 KiB of free slabs.
  static constexpr int kMost = 32;

  std::atomic<Slab*> first_{nullptr};
  std::atomic<int> count_{0};
  Slab* taken_ = nullptr;
};

MessageMemory::MessageMemory() : content_size_(ohmq_msg_content_size()), spares_(std::make_shared<Spares>()) {}

MessageMemory::~MessageMemory() {
  Retire();
  spares_->Close();
}

bool MessageMemory::Allocate(zmq_msg_t* message, size_t size) noexcept {
  const bool done = size > kInline && size <= kLargest ? Cut(message, size) : zmq_msg_init_size(message, size) == 0;
  if (!done) zmq_msg_init(message);
  return done;
}

bool MessageMemory::Cut(zmq_msg_t* message, size_t size) noexcept {
  const size_t needed = (content_size_ + size + kAlignment - 1) & ~(kAlignment - 1);
  if (slab_ == nullptr || used_ + needed > sizeof slab_->bytes) {
    Retire();
    slab_ = spares_->Take();
    if (slab_ == nullptr) {
      slab_ = new (std::nothrow) Slab;
      if (slab_ == nullptr) return false;
      slab_->spares = spares_;
    }
  }
  if (ohmq_msg_init_in(message, slab_->bytes + used_, size, Release, slab_) != 0) return false;
  used_ += needed;
  cut_ += 1;
  return true;
}

void MessageMemory::Retire() noexcept {
  if (slab_ != nullptr && slab_->messages.fetch_add(cut_, std::memory_order_acq_rel) == -cut_) spares_->Add(slab_);
  slab_ = nullptr;
  used_ = 0;
  cut_ = 0;
}

void MessageMemory::Release(void* /*data*/, void* hint) {
  auto* slab = static_cast<Slab*>(hint);
  if (slab->messages.fetch_sub(1, std::memory_order_acq_rel) == 1) slab->spares->Add(slab);
}

}  // namespace ohmq
