{
  "includes": ["native/sources.gypi"],
  "targets": [
    {
      "target_name": "ohmq",
      "sources": ["<@(ohmq_sources)"],
      "include_dirs": [
        "include",
        "native",
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!@(node scripts/libzmq.mjs --print=include)"
      ],
      "libraries": ["<!@(node scripts/libzmq.mjs --print=libraries)"],
      "defines": ["<@(ohmq_defines)", "<!@(node scripts/libzmq.mjs --print=defines)"],
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
