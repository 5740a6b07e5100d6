// The set on Linux. epoll can arm a descriptor without waking the thread that waits.
#if defined(__linux__) && !defined(OHMQ_POLL)

#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "poller/descriptor_set.h"

namespace ohmq {
namespace {

class EpollSet final : public DescriptorSet {
 public:
  EpollSet(int set, int wake) : set_(set), wake_(wake) { Control(EPOLL_CTL_ADD, wake_, EPOLLIN, kWake); }

  ~EpollSet() override {
    close(wake_);
    close(set_);
  }

  EpollSet(const EpollSet&) = delete;
  EpollSet& operator=(const EpollSet&) = delete;

  bool Add(zmq_fd_t descriptor, uint64_t key) noexcept override {
    return Control(EPOLL_CTL_ADD, descriptor, EPOLLONESHOT, key);
  }

  void Arm(zmq_fd_t descriptor, uint64_t key) noexcept override {
    Control(EPOLL_CTL_MOD, descriptor, EPOLLIN | EPOLLONESHOT, key);
  }

  void Remove(zmq_fd_t descriptor) noexcept override { Control(EPOLL_CTL_DEL, descriptor, 0, 0); }

  // Nobody reads the event, so it stays.
  void Interrupt() noexcept override { eventfd_write(wake_, 1); }

  bool Wait(std::vector<uint64_t>* keys) noexcept override {
    epoll_event events[64];
    int count = 0;
    do {
      count = epoll_wait(set_, events, 64, -1);
    } while (count < 0 && errno == EINTR);
    for (int index = 0; index < count; index += 1) {
      if (events[index].data.u64 == kWake) return false;
      keys->push_back(events[index].data.u64);
    }
    return count >= 0;
  }

 private:
  static constexpr uint64_t kWake = 0;

  bool Control(int operation, int descriptor, uint32_t events, uint64_t key) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    return epoll_ctl(set_, operation, descriptor, &event) == 0;
  }

  const int set_;
  const int wake_;
};

}  // namespace

std::unique_ptr<DescriptorSet> DescriptorSet::Create() {
  const int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return nullptr;
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    close(set);
    return nullptr;
  }
  return std::make_unique<EpollSet>(set, wake);
}

}  // namespace ohmq

#endif
