# Builds libsodium as the static library `sodium` from an unpacked source tree.
#
# libsodium has an autotools build. Its release archives contain a generated `configure`, but distribution archives do not. So this file
# does the few checks of the compiler that `configure` does: the same way for every archive, with CMake alone.
# Code for one instruction set selects it with a pragma and runs only after a CPU check, so few files need special flags.

include(CheckCSourceCompiles)
include(CheckIncludeFile)
include(CheckSymbolExists)
include(TestBigEndian)

set(sodium_src "${OHMQ_LIBSODIUM_SOURCE}/src/libsodium")
file(GLOB_RECURSE sodium_files CONFIGURE_DEPENDS "${sodium_src}/*.c" "${sodium_src}/*.S")
if(MSVC)
  list(FILTER sodium_files EXCLUDE REGEX "\\.S$")
endif()

# autotools generates sodium/version.h; the copy for Visual Studio has the same values. It includes other headers beside it, so all
# headers are copied.
set(sodium_include "${CMAKE_CURRENT_BINARY_DIR}/libsodium/include")
file(COPY "${sodium_src}/include/" DESTINATION "${sodium_include}" FILES_MATCHING PATTERN "*.h")
configure_file("${OHMQ_LIBSODIUM_SOURCE}/builds/msvc/version.h" "${sodium_include}/sodium/version.h" COPYONLY)

add_library(sodium STATIC ${sodium_files})
set_target_properties(sodium PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
target_compile_definitions(sodium PRIVATE CONFIGURED=1)
target_compile_definitions(sodium INTERFACE SODIUM_STATIC=1 PRIVATE SODIUM_STATIC=1)
target_include_directories(sodium PRIVATE "${sodium_include}/sodium" PUBLIC "${sodium_include}")
if(NOT MSVC)
  target_compile_options(sodium PRIVATE -w -fno-strict-aliasing -fno-strict-overflow -fwrapv)
  target_compile_definitions(sodium PRIVATE _GNU_SOURCE=1)
endif()

function(sodium_when_compiles name source)
  check_c_source_compiles("${source}" SODIUM_${name})
  if(SODIUM_${name})
    target_compile_definitions(sodium PRIVATE ${name}=1)
  endif()
endfunction()

# Before 1.0.19 the pragmas are only for GCC. clang needs flags for these files, which libsodium's makefile has, too.
file(READ "${sodium_src}/crypto_aead/aes256gcm/aesni/aead_aes256gcm_aesni.c" sodium_aesni)
if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND NOT sodium_aesni MATCHES "clang attribute push" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  foreach(part "aesni;-mssse3;-maes;-mpclmul" "ssse3;-mssse3" "sse41;-msse4.1" "avx2;-mavx2" "avx512f;-mavx512f" "internal_random;-mrdrnd")
    list(POP_FRONT part word)
    foreach(file ${sodium_files})
      get_filename_component(name "${file}" NAME)
      if(name MATCHES "${word}.*\\.c$")
        set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_OPTIONS ${part})
      endif()
    endforeach()
  endforeach()
endif()

# One check for each instruction set, which uses it as libsodium's files do: with a target pragma and an intrinsic.
function(sodium_when_target name target header body)
  sodium_when_compiles(${name} "
    #ifdef __clang__
    # pragma clang attribute push(__attribute__((target(\"${target}\"))), apply_to = function)
    #elif defined(__GNUC__)
    # pragma GCC target(\"${target}\")
    #endif
    #include <${header}>
    void probe(void) { ${body} }
    #ifdef __clang__
    # pragma clang attribute pop
    #endif
    int main(void) { return 0; }")
endfunction()

sodium_when_target(HAVE_MMINTRIN_H "mmx" mmintrin.h "__m64 x = _mm_setzero_si64(); (void) x;")
sodium_when_target(HAVE_EMMINTRIN_H "sse2" emmintrin.h "__m128i x = _mm_setzero_si128(); (void) x;")
sodium_when_target(HAVE_PMMINTRIN_H "sse3" pmmintrin.h "__m128 x = _mm_setzero_ps(); x = _mm_addsub_ps(x, x); (void) x;")
sodium_when_target(HAVE_TMMINTRIN_H "ssse3" tmmintrin.h "__m128i x = _mm_setzero_si128(); x = _mm_abs_epi8(x); (void) x;")
sodium_when_target(HAVE_SMMINTRIN_H "sse4.1" smmintrin.h "__m128i x = _mm_setzero_si128(); x = _mm_minpos_epu16(x); (void) x;")
sodium_when_target(HAVE_AVXINTRIN_H "avx" immintrin.h "_mm256_zeroall();")
sodium_when_target(HAVE_AVX2INTRIN_H "avx2" immintrin.h "__m256i x = _mm256_setzero_si256(); x = _mm256_abs_epi8(x); (void) x;")
sodium_when_target(HAVE_AVX512FINTRIN_H "avx512f" immintrin.h "__m512i x = _mm512_setzero_epi32(); x = _mm512_ror_epi64(x, 3); (void) x;")
sodium_when_target(HAVE_WMMINTRIN_H "aes,pclmul" wmmintrin.h "__m128i x = _mm_setzero_si128(); x = _mm_aesenc_si128(_mm_clmulepi64_si128(x, x, 0), x); (void) x;")
sodium_when_target(HAVE_RDRAND "rdrnd" immintrin.h "unsigned long long x; _rdrand64_step(&x);")

sodium_when_compiles(HAVE_TI_MODE "typedef unsigned uint128 __attribute__((mode(TI))); int main(void) { uint128 x = 1; return (int) (x >> 64); }")
sodium_when_compiles(HAVE_CPUID "int main(void) { unsigned a = 0, b, c, d; __asm__ __volatile__ (\"cpuid\" : \"=a\"(a), \"=b\"(b), \"=c\"(c), \"=d\"(d) : \"0\"(a), \"2\"(0)); return 0; }")
sodium_when_compiles(HAVE__XGETBV "#include <intrin.h>\nint main(void) { (void) _xgetbv(0); return 0; }")
sodium_when_compiles(HAVE_ATOMIC_OPS "int main(void) { static volatile int lock; __sync_lock_test_and_set(&lock, 1); __sync_lock_release(&lock); return 0; }")
sodium_when_compiles(HAVE_C11_MEMORY_FENCES "#include <stdatomic.h>\nint main(void) { atomic_thread_fence(memory_order_acquire); return 0; }")
sodium_when_compiles(HAVE_GCC_MEMORY_FENCES "int main(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); return 0; }")
sodium_when_compiles(HAVE_WEAK_SYMBOLS "__attribute__((weak)) void dummy(void *x) { (void) x; } int main(void) { dummy(0); return 0; }")
if(NOT WIN32)
  sodium_when_compiles(HAVE_INLINE_ASM "int main(void) { int a = 42; int *p = &a; __asm__ __volatile__ (\"\" : : \"r\"(p) : \"memory\"); return 0; }")
  sodium_when_compiles(HAVE_AMD64_ASM "#ifndef __x86_64__\n#error\n#endif\nint main(void) { __asm__ __volatile__ (\"pxor %xmm12, %xmm6\"); return 0; }")
  sodium_when_compiles(HAVE_AVX_ASM "#ifndef __x86_64__\n#error\n#endif\nint main(void) { __asm__ __volatile__ (\"vpunpcklqdq %xmm0,%xmm13,%xmm0\"); return 0; }")
  if(SODIUM_HAVE_AMD64_ASM AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_compile_definitions(sodium PRIVATE "ASM_HIDE_SYMBOL=.hidden")
    enable_language(ASM)
  elseif(SODIUM_HAVE_AMD64_ASM AND APPLE)
    target_compile_definitions(sodium PRIVATE "ASM_HIDE_SYMBOL=.private_extern")
    enable_language(ASM)
  endif()
  # Unaligned loads are safe and fast on these processors. On others libsodium copies byte by byte.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64|i[3-6]86|aarch64|arm64")
    target_compile_definitions(sodium PRIVATE CPU_UNALIGNED_ACCESS=1)
  endif()
  find_package(Threads REQUIRED)
  target_compile_definitions(sodium PRIVATE HAVE_PTHREAD=1)
  target_link_libraries(sodium PUBLIC Threads::Threads)
endif()

test_big_endian(sodium_big_endian)
target_compile_definitions(sodium PRIVATE $<IF:$<BOOL:${sodium_big_endian}>,NATIVE_BIG_ENDIAN,NATIVE_LITTLE_ENDIAN>=1)

foreach(header sys/mman.h sys/random.h sys/auxv.h sys/param.h intrin.h threads.h cet.h)
  string(TOUPPER "HAVE_${header}" name)
  string(REGEX REPLACE "[/.]" "_" name "${name}")
  check_include_file(${header} SODIUM_${name})
  if(SODIUM_${name})
    target_compile_definitions(sodium PRIVATE ${name}=1)
  endif()
endforeach()

set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
foreach(call "arc4random|stdlib.h" "arc4random_buf|stdlib.h" "mmap|sys/mman.h" "mlock|sys/mman.h" "madvise|sys/mman.h" "mprotect|sys/mman.h"
    "getrandom|sys/random.h" "getentropy|unistd.h" "posix_memalign|stdlib.h" "getpid|unistd.h" "nanosleep|time.h" "memset_s|string.h"
    "explicit_bzero|string.h" "explicit_memset|string.h" "memset_explicit|string.h" "getauxval|sys/auxv.h" "elf_aux_info|sys/auxv.h"
    "sysconf|unistd.h" "raise|signal.h")
  string(REPLACE "|" ";" pair "${call}")
  list(GET pair 0 function)
  list(GET pair 1 header)
  string(TOUPPER "HAVE_${function}" name)
  check_symbol_exists(${function} ${header} SODIUM_${name})
  if(SODIUM_${name})
    target_compile_definitions(sodium PRIVATE ${name}=1)
  endif()
endforeach()
unset(CMAKE_REQUIRED_DEFINITIONS)
