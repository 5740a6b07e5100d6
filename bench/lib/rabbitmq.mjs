// Starts RabbitMQ, which needs more than a port: its port mapper, and a place for each kind of file.

import path from "node:path"

import { freePort, startListener } from "./server.mjs"

/** Where the server is. Debian's command in the PATH must run as root or as its own user. */
export const rabbitmqFolders = ["/usr/lib/rabbitmq/bin"]

/** Starts the server. It adds what it starts to `started`. */
export async function startRabbitmq({ file, port, folder, started }) {
  const epmdPort = await freePort()
  const epmd = ["-port", epmdPort, "-address", "127.0.0.1"]
  started.push(await startListener("epmd", epmd, { port: epmdPort }))
  const env = {
    HOME: folder,
    // Makes the script exec the server instead of starting a child.
    RUNNING_UNDER_SYSTEMD: "true",
    ERL_EPMD_PORT: epmdPort,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "ohmq-bench@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: port,
    RABBITMQ_DIST_PORT: await freePort(),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_BASE: folder,
    RABBITMQ_MNESIA_BASE: path.join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: path.join(folder, "log"),
    RABBITMQ_SCHEMA_DIR: path.join(folder, "schema"),
    RABBITMQ_GENERATED_CONFIG_DIR: path.join(folder, "config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, "plugins"),
    RABBITMQ_CONFIG_FILE: path.join(folder, "none"),
    RABBITMQ_CONF_ENV_FILE: path.join(folder, "none"),
  }
  started.push(await startListener(file, [], { port, env, seconds: 60 }))
}
