{
  "variables": {
    "ohmq_sources": [
      "native/addon.cc",
      "native/constants.cc",
      "native/context.cc",
      "native/context_handle.cc",
      "native/environment.cc",
      "native/errors.cc",
      "native/message.cc",
      "native/options.cc",
      "native/release_queue.cc",
      "native/socket.cc",
      "native/socket_handle.cc",
      "native/uv_poller.cc"
    ]
  }
}
