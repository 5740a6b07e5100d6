// The set on other systems. poll must be woken for each change. (OHMQ_POLL selects it on Linux, for tests.)
#if !defined(__linux__) || defined(OHMQ_POLL)

#ifdef _WIN32
#include <winsock2.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <mutex>
#include <unordered_map>

#include "poller/descriptor_set.h"

namespace ohmq {
namespace {

#ifdef _WIN32

using Item = WSAPOLLFD;

int Poll(Item* items, size_t count) noexcept { return WSAPoll(items, static_cast<ULONG>(count), -1); }
bool Interrupted() noexcept { return WSAGetLastError() == WSAEINTR; }

// Windows can poll sockets only, so this is one that sends datagrams to itself.
class Wake {
 public:
  Wake() noexcept : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* name = reinterpret_cast<sockaddr*>(&address);
    int size = sizeof address;
    u_long yes = 1;
    good_ = socket_ != INVALID_SOCKET && bind(socket_, name, size) == 0 && getsockname(socket_, name, &size) == 0 &&
            connect(socket_, name, size) == 0 && ioctlsocket(socket_, FIONBIO, &yes) == 0;
  }
  ~Wake() {
    if (socket_ != INVALID_SOCKET) closesocket(socket_);
  }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  bool good() const { return good_; }
  SOCKET descriptor() const { return socket_; }
  void Write() noexcept { send(socket_, "", 1, 0); }
  void Read() noexcept {
    char byte = 0;
    while (recv(socket_, &byte, 1, 0) > 0) {
    }
  }

 private:
  const SOCKET socket_;
  bool good_;
};

#else

using Item = pollfd;

int Poll(Item* items, size_t count) noexcept { return poll(items, static_cast<nfds_t>(count), -1); }
bool Interrupted() noexcept { return errno == EINTR; }

class Wake {
 public:
  Wake() noexcept : good_(pipe(ends_) == 0) {
    if (!good_) return;
    for (const int end : ends_) {
      fcntl(end, F_SETFL, O_NONBLOCK);
      fcntl(end, F_SETFD, FD_CLOEXEC);
    }
  }
  ~Wake() {
    if (!good_) return;
    for (const int end : ends_) close(end);
  }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  bool good() const { return good_; }
  int descriptor() const { return ends_[0]; }
  // If the pipe is full, the thread will wake anyway.
  void Write() noexcept {
    const char byte = 0;
    [[maybe_unused]] const ssize_t written = write(ends_[1], &byte, 1);
  }
  void Read() noexcept {
    char bytes[64];
    while (read(ends_[0], bytes, sizeof bytes) > 0) {
    }
  }

 private:
  int ends_[2] = {-1, -1};
  const bool good_;
};

#endif

class PollSet final : public DescriptorSet {
 public:
  bool good() const { return wake_.good(); }

  bool Add(zmq_fd_t descriptor, uint64_t key) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_[descriptor] = {key, false};
    return true;
  }

  void Arm(zmq_fd_t descriptor, uint64_t) noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      entries_[descriptor].armed = true;
    }
    wake_.Write();
  }

  // The thread may poll the descriptor a little longer. The next descriptor with this number has another key.
  void Remove(zmq_fd_t descriptor) noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      entries_.erase(descriptor);
    }
    wake_.Write();
  }

  void Interrupt() noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      interrupted_ = true;
    }
    wake_.Write();
  }

  bool Wait(std::vector<uint64_t>* keys) noexcept override {
    while (keys->empty()) {
      items_.assign(1, Item{wake_.descriptor(), POLLIN, 0});
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (interrupted_) return false;
        for (const auto& [descriptor, entry] : entries_) {
          if (entry.armed) items_.push_back(Item{descriptor, POLLIN, 0});
        }
      }
      if (Poll(items_.data(), items_.size()) < 0) {
        if (Interrupted()) continue;
        return false;
      }
      if (items_[0].revents != 0) wake_.Read();
      const std::lock_guard<std::mutex> lock(mutex_);
      for (size_t index = 1; index < items_.size(); index += 1) {
        if (items_[index].revents == 0) continue;
        const auto found = entries_.find(items_[index].fd);
        if (found == entries_.end() || !found->second.armed) continue;
        found->second.armed = false;
        keys->push_back(found->second.key);
      }
    }
    return true;
  }

 private:
  struct Entry {
    uint64_t key;
    bool armed;
  };

  Wake wake_;
  std::vector<Item> items_;  // only for the thread that waits
  std::mutex mutex_;
  std::unordered_map<zmq_fd_t, Entry> entries_;
  bool interrupted_ = false;
};

}  // namespace

std::unique_ptr<DescriptorSet> DescriptorSet::Create() {
  auto set = std::make_unique<PollSet>();
  return set->good() ? std::move(set) : nullptr;
}

}  // namespace ohmq

#endif
