#include "constants.h"

#include <cstdlib>

#include <zmq.h>

#include "interface.h"

namespace ohmq {
namespace {

struct Constant {
  const char* name;
  const char* value;
};

// The text that a macro expands to: a number, or the name itself if zmq.h does not define the macro.
#define OHMQ_VALUE(macro) #macro
#define OHMQ_CONSTANT(macro) {#macro, OHMQ_VALUE(macro)},

constexpr Constant kConstants[] = {OHMQ_FOR_EACH_CONSTANT(OHMQ_CONSTANT)};

}  // namespace

Napi::Object Constants(Napi::Env env) {
  Napi::Object constants = Napi::Object::New(env);
  for (const Constant& constant : kConstants) {
    char* end = nullptr;
    const int64_t value = std::strtoll(constant.value, &end, 0);
    if (*end == '\0') constants.Set(constant.name, Napi::Number::New(env, static_cast<double>(value)));
  }
  return constants;
}

}  // namespace ohmq
