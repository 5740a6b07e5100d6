{
  "targets": [
    {
      "target_name": "ohmq",
      "sources": [
        "addon.cc",
        "constants.cc",
        "context/context.cc",
        "context/context_handle.cc",
        "context/shared_context.cc",
        "context/termination_promise.cc",
        "environment/environment.cc",
        "environment/exit_linger.cc",
        "environment/turn_counter.cc",
        "errors.cc",
        "message/message.cc",
        "message/message_memory.cc",
        "message/release_queue.cc",
        "poller/descriptor_set_epoll.cc",
        "poller/descriptor_set_poll.cc",
        "poller/poll_thread.cc",
        "poller/thread_poller.cc",
        "poller/uv_poller.cc",
        "proxy/proxy.cc",
        "proxy/proxy_thread.cc",
        "socket/connection.cc",
        "socket/curve.cc",
        "socket/draft.cc",
        "socket/metadata.cc",
        "socket/options.cc",
        "socket/socket.cc",
        "socket/socket_handle.cc",
        "socket/socket_signal.cc",
        "socket/transfer.cc"
      ],
      "include_dirs": [
        "../include",
        ".",
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!@(node scripts/libzmq.mjs --print=include)"
      ],
      "libraries": ["<!@(node scripts/libzmq.mjs --print=libraries)"],
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "ZMQ_STATIC",
        "<!@(node scripts/libzmq.mjs --print=defines)"
      ],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17"],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
      "configurations": {"Debug": {"defines": ["NODE_ADDON_API_ENABLE_TYPE_CHECK_ON_AS"]}},
      "conditions": [
        ["OS=='linux'", {"ldflags": ["-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic"], "libraries": ["-lrt", "-lpthread"]}],
        ["OS=='mac'", {
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "GCC_TREAT_WARNINGS_AS_ERRORS": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0",
            "WARNING_CFLAGS": ["-Wall", "-Wextra"]
          }
        }],
        ["OS=='win'", {
          "defines": ["NOMINMAX", "_WIN32_WINNT=0x0A00"],
          "libraries": ["ws2_32.lib", "iphlpapi.lib"],
          "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/std:c++17", "/EHsc", "/WX"]}}
        }]
      ]
    }
  ]
}
