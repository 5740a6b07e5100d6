{
  "targets": [
    {
      "target_name": "entropy",
      "sources": ["entropy.cc"],
      "include_dirs": ["<!(node -p \"require('ohmq/include')\")"],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags_cc": ["-std=c++17"]
    }
  ]
}
