// One of the modules that are bundled with the package, each on its own.

import zmq from "ohmq"

export { zmq }
