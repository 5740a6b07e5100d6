#include "socket/socket_handle.h"

#include <cerrno>

#include <zmq.h>

#ifdef _WIN32
#include <winsock2.h>
#else
#include <sys/socket.h>
#endif

namespace ohmq {
namespace {

// libzmq ends the process if ZMQ_USE_FD is anything but a listening socket.
bool CanListen(void* socket) noexcept {
  int descriptor = -1;
  size_t size = sizeof descriptor;
  if (zmq_getsockopt(socket, ZMQ_USE_FD, &descriptor, &size) != 0 || descriptor == -1) return true;
  int listens = 0;
#ifdef _WIN32
  int length = sizeof listens;
  return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, reinterpret_cast<char*>(&listens), &length) == 0 &&
         listens != 0;
#else
  socklen_t length = sizeof listens;
  return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0;
#endif
}

}  // namespace

std::shared_ptr<SocketHandle> SocketHandle::Create(std::shared_ptr<ContextHandle> context, int type) {
  void* socket = zmq_socket(context->get(), type);
  if (socket == nullptr) return nullptr;
  return std::shared_ptr<SocketHandle>(new SocketHandle(std::move(context), socket));
}

int SocketHandle::Bind(const std::string& address) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ == nullptr) return ENOTSOCK;
  if (!CanListen(socket_)) return EINVAL;
  while (zmq_bind(socket_, address.c_str()) != 0) {
    if (zmq_errno() != EINTR) return zmq_errno();
  }
  return 0;
}

int SocketHandle::Unbind(const std::string& address) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ == nullptr) return ENOTSOCK;
  while (zmq_unbind(socket_, address.c_str()) != 0) {
    if (zmq_errno() != EINTR) return zmq_errno();
  }
  return 0;
}

void SocketHandle::LeaveToContext() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ == nullptr) return;
  context_->AdoptMonitorReader(socket_);
  socket_ = nullptr;
  context_.reset();
}

void SocketHandle::Close() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ == nullptr) return;
  zmq_close(socket_);
  socket_ = nullptr;
  context_.reset();
}

}  // namespace ohmq
