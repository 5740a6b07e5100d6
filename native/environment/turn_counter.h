// Counts the turns of the event loop, for lib/base/turn.ts.
#pragma once

namespace ohmq {

class Environment;

// From now on `environment.turns` grows by one in each turn of libuv's loop, before the callbacks of setImmediate run.
// The cost is too small to measure. A setImmediate in each turn would cost another turn of the loop.
void CountTurns(Environment& environment);

}  // namespace ohmq
