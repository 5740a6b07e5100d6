#include "socket_handle.h"

#include <cerrno>

#include <zmq.h>

namespace ohmq {

std::shared_ptr<SocketHandle> SocketHandle::Create(std::shared_ptr<ContextHandle> context, int type) {
  void* socket = zmq_socket(context->get(), type);
  if (socket == nullptr) return nullptr;
  return std::shared_ptr<SocketHandle>(new SocketHandle(std::move(context), socket));
}

int SocketHandle::Bind(const std::string& address) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ == nullptr) return ENOTSOCK;
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
