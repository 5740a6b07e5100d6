#include "proxy_thread.h"

#include <cerrno>
#include <string>
#include <system_error>

#include <zmq.h>

#include "message.h"

namespace ohmq {
namespace {

// How many messages go one way before the other way, and the commands, have their turn.
constexpr int kBurst = 1000;

}  // namespace

// One direction of the traffic.
struct ProxyThread::Side {
  void* socket = nullptr;
  std::atomic<uint64_t>* received = nullptr;  // messages, bytes
  std::atomic<uint64_t>* sent = nullptr;
  // There was no room on the other side.
  bool blocked = false;
  // A part that was received here all the same, because the other side had seemed to have room.
  Message waiting;
  bool has_waiting = false;
};

bool HasRoom(void* socket) noexcept {
  int events = 0;
  size_t size = sizeof events;
  return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

ProxyThread::ProxyThread(std::shared_ptr<SocketHandle> front, std::shared_ptr<SocketHandle> back,
                         std::shared_ptr<SocketHandle> capture)
    : front_(std::move(front)), back_(std::move(back)), capture_(std::move(capture)) {}

int ProxyThread::Start(std::function<void(int)> ended) noexcept {
  const std::string address = "inproc://ohmq.proxy." + std::to_string(reinterpret_cast<uintptr_t>(this));
  control_ = SocketHandle::Create(front_->context(), ZMQ_PAIR);
  commands_ = control_ == nullptr ? nullptr : SocketHandle::Create(front_->context(), ZMQ_PAIR);
  if (commands_ == nullptr || zmq_bind(control_->get(), address.c_str()) != 0 ||
      zmq_connect(commands_->get(), address.c_str()) != 0) {
    return zmq_errno();
  }
  try {
    thread_ = std::thread([this, ended = std::move(ended)] { ended(Run()); });
  } catch (const std::system_error&) {
    return EMTHREAD;
  }
  return 0;
}

int ProxyThread::Send(Command command) noexcept {
  if (control_ == nullptr || control_->get() == nullptr) return EBADF;
  const char byte = command;
  return zmq_send(control_->get(), &byte, 1, ZMQ_DONTWAIT) == 1 ? 0 : zmq_errno();
}

void ProxyThread::Stop() noexcept {
  if (thread_.joinable()) {
    Send(kTerminate);
    thread_.join();
  }
  if (control_ != nullptr) control_->Close();
  if (commands_ != nullptr) commands_->Close();
}

// Forwards what there is, as far as there is room. Returns 0 or an error that ends the proxy.
int ProxyThread::Forward(Side* from, Side* to) noexcept {
  from->blocked = false;
  bool inside = from->has_waiting;  // of a message
  for (int count = 0; count < kBurst;) {
    if (!from->has_waiting) {
      if (!inside && !HasRoom(to->socket)) {
        from->blocked = true;
        return 0;
      }
      if (zmq_msg_recv(from->waiting.get(), from->socket, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EINTR) continue;
        return zmq_errno() == EAGAIN || zmq_errno() == EFSM ? 0 : zmq_errno();
      }
      from->has_waiting = true;
      from->received[1] += from->waiting.size();
      if (!from->waiting.more()) from->received[0] += 1;
      if (capture_ != nullptr) {
        zmq_msg_t copy;
        zmq_msg_init(&copy);
        zmq_msg_copy(&copy, from->waiting.get());
        // Somebody who is slow to watch must not slow down what is watched.
        if (zmq_msg_send(&copy, capture_->get(), ZMQ_DONTWAIT | (from->waiting.more() ? ZMQ_SNDMORE : 0)) < 0) {
          zmq_msg_close(&copy);
        }
      }
    }
    const bool more = from->waiting.more();
    const size_t size = from->waiting.size();
    if (zmq_msg_send(from->waiting.get(), to->socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EAGAIN) {
        from->blocked = true;
        return 0;
      }
      if (zmq_errno() != EHOSTUNREACH && zmq_errno() != EFSM && zmq_errno() != EINVAL) return zmq_errno();
      // Its receiver is gone. The rest of the message follows it.
      from->waiting = Message();
    } else {
      to->sent[1] += size;
      if (!more) to->sent[0] += 1;
    }
    from->has_waiting = false;
    inside = more;
    if (!more) count += 1;
  }
  return 0;
}

int ProxyThread::Run() noexcept {
  Side front{front_->get(), &statistics_[0], &statistics_[2], false, {}, false};
  Side back{back_->get(), &statistics_[4], &statistics_[6], false, {}, false};
  const bool same = front.socket == back.socket;
  bool paused = false;
  for (;;) {
    // A side that is blocked is not read from, but waits for room on the other side.
    const auto wanted = [](const Side& side, const Side& other) {
      return (side.blocked ? 0 : ZMQ_POLLIN) | (other.blocked ? ZMQ_POLLOUT : 0);
    };
    zmq_pollitem_t items[] = {
        {commands_->get(), 0, ZMQ_POLLIN, 0},
        {front.socket, 0, static_cast<short>(wanted(front, back)), 0},
        {back.socket, 0, static_cast<short>(wanted(back, front)), 0},
    };
    if (zmq_poll(items, paused ? 1 : 3, -1) < 0) {
      if (zmq_errno() == EINTR) continue;
      return zmq_errno();
    }
    char command = 0;
    if ((items[0].revents & ZMQ_POLLIN) != 0 && zmq_recv(commands_->get(), &command, 1, ZMQ_DONTWAIT) == 1) {
      if (command == kTerminate) return 0;
      paused = command == kPause;
    }
    if (paused) continue;
    const auto ready = [](const Side& side, short own, short other) {
      return (side.blocked ? other & ZMQ_POLLOUT : own & ZMQ_POLLIN) != 0;
    };
    int error = ready(front, items[1].revents, items[2].revents) ? Forward(&front, &back) : 0;
    if (error == 0 && !same && ready(back, items[2].revents, items[1].revents)) error = Forward(&back, &front);
    if (error != 0) return error;
  }
}

}  // namespace ohmq
