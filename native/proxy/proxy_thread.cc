#include "proxy/proxy_thread.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include <zmq.h>

#include "message/message.h"

namespace ohmq {
namespace {

// After this many messages in one direction, the other direction and the commands have their turn.
constexpr int kBurst = 1000;

// If libzmq refuses a message although ZMQ_EVENTS said that there is room, the proxy retries after this many
// milliseconds.
constexpr int kRetry = 10;

bool HasRoom(void* socket) noexcept {
  int events = 0;
  size_t size = sizeof events;
  return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

// Sends a copy of a part. Returns 0 or an error number.
int SendCopy(void* socket, Message* part, bool more) noexcept {
  Message copy;
  zmq_msg_copy(copy.get(), part->get());
  while (zmq_msg_send(copy.get(), socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
    if (zmq_errno() != EINTR) return zmq_errno();
  }
  return 0;
}

}  // namespace

// One direction. It never splits a message: if libzmq refuses one in the middle, it is sent again from its first part.
struct ProxyThread::Side {
  void* socket = nullptr;
  std::atomic<uint64_t>* received = nullptr;  // messages, bytes
  std::atomic<uint64_t>* sent = nullptr;
  // The message to send to the other side, which had no room for it.
  std::vector<Message> message;
  // The other side had no room.
  bool blocked = false;
  // The other side refused a message although it had said that there is room. Retry after a while.
  bool refused = false;
};

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

int ProxyThread::Send(ProxyCommand command) noexcept {
  if (control_ == nullptr || control_->get() == nullptr) return EBADF;
  if (wanted_ != ProxyCommand::kTerminate) wanted_ = command;
  // Only one message at a time wakes the thread. More could fill the queue, and a full queue does not mean that the
  // thread will wake: libzmq may not have noticed yet that the queue was emptied.
  if (woken_.exchange(true)) return 0;
  const char byte = 0;
  return zmq_send(control_->get(), &byte, 1, ZMQ_DONTWAIT) == 1 ? 0 : zmq_errno();
}

void ProxyThread::Stop() noexcept {
  if (thread_.joinable()) {
    Send(ProxyCommand::kTerminate);
    thread_.join();
  }
  if (control_ != nullptr) control_->Close();
  if (commands_ != nullptr) commands_->Close();
}

// Takes a whole message off a socket. All parts are there when the first is. Returns 0 or an error number.
int ProxyThread::Take(Side* from) noexcept {
  do {
    Message part;
    while (zmq_msg_recv(part.get(), from->socket, ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() != EINTR) return zmq_errno();
    }
    from->received[1] += part.size();
    from->message.push_back(part.Take());
  } while (from->message.back().more());
  from->received[0] += 1;
  if (capture_ == nullptr) return 0;
  // A slow reader of the capture socket must not slow down the proxy, so a message without room there is dropped whole.
  for (size_t index = 0; index < from->message.size(); index += 1) {
    if (SendCopy(capture_->get(), &from->message[index], index + 1 < from->message.size()) != 0) break;
  }
  return 0;
}

// Sends the message. Returns 0 (also if it was dropped because it has no receiver), EAGAIN, or an error that ends the
// proxy.
int ProxyThread::Give(Side* from, void* to) noexcept {
  const size_t parts = from->message.size();
  size_t bytes = 0;
  for (size_t index = 0; index < parts; index += 1) {
    const int error = SendCopy(to, &from->message[index], index + 1 < parts);
    if (error == EAGAIN && index > 0 && index + 1 < parts) {
      // The peer that got the first parts is gone. A socket that chooses a peer for each message drops the parts up to
      // and including the last one, so there must be a last one.
      Message end;
      SendCopy(to, &end, false);
    }
    if (error == EHOSTUNREACH || error == EFSM || error == EINVAL) {
      from->message.clear();  // the receiver is gone
      return 0;
    }
    if (error != 0) return error;
    bytes += from->message[index].size();
  }
  from->sent[0] += 1;
  from->sent[1] += bytes;
  from->message.clear();
  return 0;
}

// Forwards messages while there are any and the other side has room. Returns 0 or an error that ends the proxy.
int ProxyThread::Forward(Side* from, Side* to) noexcept {
  from->blocked = false;
  from->refused = false;
  for (int count = 0; count < kBurst; count += 1) {
    if (!HasRoom(to->socket)) {
      from->blocked = true;
      return 0;
    }
    if (from->message.empty()) {
      const int error = Take(from);
      if (error == EAGAIN || error == EFSM) return 0;
      if (error != 0) return error;
    }
    const int error = Give(from, to->socket);
    if (error == EAGAIN) {
      from->blocked = true;
      from->refused = true;
      return 0;
    }
    if (error != 0) return error;
  }
  return 0;
}

int ProxyThread::Run() noexcept {
  Side front;
  front.socket = front_->get();
  front.received = &statistics_[0];
  front.sent = &statistics_[6];  // at the back
  Side back;
  back.socket = back_->get();
  back.received = &statistics_[4];
  back.sent = &statistics_[2];  // at the front
  for (;;) {
    const ProxyCommand wanted = wanted_;
    if (wanted == ProxyCommand::kTerminate) return 0;
    // A blocked side is not read. It waits for room on the other side.
    const auto events = [](const Side& side, const Side& other) {
      return static_cast<short>((side.blocked ? 0 : ZMQ_POLLIN) | (other.blocked && !other.refused ? ZMQ_POLLOUT : 0));
    };
    zmq_pollitem_t items[] = {
        {commands_->get(), 0, ZMQ_POLLIN, 0},
        {front.socket, 0, events(front, back), 0},
        {back.socket, 0, events(back, front), 0},
    };
    const bool paused = wanted == ProxyCommand::kPause;
    const bool retries = front.refused || back.refused;
    if (zmq_poll(items, paused ? 1 : 3, retries && !paused ? kRetry : -1) < 0) {
      if (zmq_errno() == EINTR) continue;
      return zmq_errno();
    }
    char byte = 0;
    while (zmq_recv(commands_->get(), &byte, 1, ZMQ_DONTWAIT) >= 0) {
    }
    woken_ = false;  // must come before `wanted_` is read again
    if (wanted_ != wanted || paused) continue;
    const auto ready = [](const Side& side, short own, short other) {
      if (side.refused) return true;
      return (side.blocked ? other & ZMQ_POLLOUT : own & ZMQ_POLLIN) != 0;
    };
    int error = ready(front, items[1].revents, items[2].revents) ? Forward(&front, &back) : 0;
    if (error == 0 && ready(back, items[2].revents, items[1].revents)) error = Forward(&back, &front);
    if (error != 0) return error;
  }
}

}  // namespace ohmq
