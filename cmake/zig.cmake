# A CMake toolchain: zig, the cross compiler for the prebuilt addons. scripts/lib/prebuilt.mjs passes OHMQ_TARGET (a target of zig, such as
# x86_64-linux-gnu.2.17) and OHMQ_TOOLS (a folder with the programs cc, c++, ar and ranlib for that target).
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OHMQ_TARGET OHMQ_TOOLS)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR "${OHMQ_TARGET}")
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER "${OHMQ_TOOLS}/cc")
set(CMAKE_CXX_COMPILER "${OHMQ_TOOLS}/c++")
set(CMAKE_ASM_COMPILER "${OHMQ_TOOLS}/cc")
set(CMAKE_AR "${OHMQ_TOOLS}/ar")
set(CMAKE_RANLIB "${OHMQ_TOOLS}/ranlib")
# CMake must not find anything of the machine that builds.
set(CMAKE_FIND_ROOT_PATH "${OHMQ_TOOLS}")
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()

# The results of the checks for which libzmq runs programs, on every Linux with glibc 2.17 or musl and kernel 3.10 or later.
foreach(answer SOCK_CLOEXEC=1 EVENTFD_CLOEXEC=1 O_CLOEXEC=1 SO_BINDTODEVICE=1 SO_KEEPALIVE=1 TCP_KEEPCNT=1 TCP_KEEPIDLE=1 TCP_KEEPINTVL=1
    TCP_KEEPALIVE=0 TIPC=1 PTHREAD_SETNAME_1=0 PTHREAD_SETNAME_2=1 PTHREAD_SETNAME_3=0 PTHREAD_SET_NAME=0 PTHREAD_SET_AFFINITY=1
    GETRANDOM=0 NOEXCEPT=1 SO_PRIORITY=1)
  string(REPLACE "=" ";" pair "${answer}")
  list(GET pair 0 name)
  list(GET pair 1 value)
  set(ZMQ_HAVE_${name} ${value} CACHE INTERNAL "")
endforeach()
