{
  "variables": {
    "ohmq_sources": [
      "native/addon.cc",
      "native/constants.cc",
      "native/context.cc",
      "native/context_handle.cc",
      "native/descriptor_set_epoll.cc",
      "native/descriptor_set_poll.cc",
      "native/draft.cc",
      "native/environment.cc",
      "native/errors.cc",
      "native/message.cc",
      "native/metadata.cc",
      "native/options.cc",
      "native/poll_thread.cc",
      "native/poller.cc",
      "native/proxy.cc",
      "native/proxy_thread.cc",
      "native/release_queue.cc",
      "native/security.cc",
      "native/shared_context.cc",
      "native/socket.cc",
      "native/socket_handle.cc",
      "native/socket_signal.cc",
      "native/termination.cc",
      "native/thread_poller.cc",
      "native/uv_poller.cc"
    ],
    "ohmq_defines": [
      "NAPI_VERSION=8",
      "NAPI_DISABLE_CPP_EXCEPTIONS",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
      "ZMQ_STATIC"
    ]
  }
}
