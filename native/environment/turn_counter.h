// Counts the turns of the event loop, for lib/base/turn.ts.
#pragma once

namespace ohmq {

class Environment;

// From now on `environment.turns` grows by one each time libuv's loop comes round, before the callbacks of
// setImmediate. That costs nothing that could be measured; a setImmediate for each turn would be one more round of the
// loop.
void CountTurns(Environment& environment);

}  // namespace ohmq
