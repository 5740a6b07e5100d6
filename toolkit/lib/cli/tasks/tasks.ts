// `ohmq tasks`.

import { type CommandVerb, runCommand } from "../commands.js"
import * as changing from "./changing.js"
import { connectHelp } from "./connecting.js"
import { selectHelp } from "./selecting.js"
import { serve } from "./serve.js"
import { list, results, show, status } from "./showing.js"
import { submit } from "./submit.js"
import { wait, watch } from "./waiting.js"
import { work } from "./work.js"

const json = "\n  --output json         print JSON, a line for each"
const selected = (about: string) => `${about}\n${selectHelp}\n  --all                 all tasks\n${connectHelp}${json}`

const verb: CommandVerb = {
  name: "tasks",
  intro: "A durable queue of tasks, and workers for it. All commands but serve need --queue ENDPOINT.",
  commands: {
    serve: {
      usage: "serve --bind ENDPOINT --store DIR",
      purpose: "serve the queue, until a signal ends it",
      about: `
  --bind ENDPOINT       where to listen, such as tcp://127.0.0.1:5580
  --store DIR           the folder for the tasks; it is created
  --lease TIME          how long a worker may be silent before its tasks are given to others. Default 30s
  --keep TIME           how long tasks are kept that have finished, expired or been cancelled. Default 7d
  --keep-count N        at most so many of them. Default 1000000
  --max-tasks N         how many tasks may wait, run or be dead letters. Default 2000000
  --max-value SIZE      how much JSON an input or a result may have. Default 1MB
  --http HOST:PORT      serve /metrics, /healthz and /readyz, on this machine only
  --source URI          the source of its events. Default /tasks
  --relay ENDPOINT      bring its events to a relay, whose source link listens there. Several, with commas; off: give up what
                        waits for one
  --relay-cert FILE     the relay's public certificate. The queue's own is --cert
  --standby             if another process has the store open, wait and take over when it ends
  --jetstream SERVERS   share the tasks with processes elsewhere: nats:// or tls:// addresses, with commas; or a file with the
                        options of store.jetstream of a relay. --store is then this process's copy. One process serves at a time
  --stream NAME         the stream that all of them share. It is created if it is not there
  --replicas N          how many servers have the stream: 1, 3 or 5. Default 3
  --cert FILE           the queue's certificate with its secret key, made by: ohmq keys certificate
  --clients DIR|any     the folder with the public certificates of workers and clients, or any
  --insecure            listen for other machines without encryption`,
      run: serve,
    },
    submit: {
      usage: "submit --queue ENDPOINT (INPUT... | --each FILE)",
      purpose: "submit a task for each INPUT, or for each line of FILE",
      about: `It ends once the tasks are on the disk of the queue. Exit codes: 0 done, 1 some were refused, 2 wrong usage.

  --each FILE           a task for each line; - is standard input
  --json                inputs are JSON, not text
  --name NAME           the named queue. Default default
  --batch BATCH         the batch of the tasks, whose ids are BATCH-NUMBER: the same again adds nothing
  --id ID               the id of a single task: the same again adds nothing
  --key KEY             tasks with one key are done in order, one at a time
  --priority N          -10 to 10; what has more starts earlier. Default 0
  --attempts N          start it at most so many times. Default 3
  --backoff TIME        the longest wait before the second attempt; it doubles each time. Default 1s
  --timeout TIME        how long an attempt may take
  --run-at TIME         not before this time: a date, or a duration from now such as 30m
  --expires TIME        not after this time
  --after ID,...        not before these tasks have finished
  --every TIME          submit it again and again; needs --id
  --wait                wait for the tasks; then the exit code is that of wait
${connectHelp}${json}`,
      run: submit,
    },
    work: {
      usage: "work --queue ENDPOINT [--concurrency N] -- COMMAND ARG...",
      purpose: "run a command for each task, until a signal ends it",
      about: `In an ARG, {} is the input of the task, {name} the field "name" of an input that is an object, {dir} a folder for
the attempt, and {id} the id of the task, also if the input has fields "dir" or "id". There is no shell. The command
and its children end with the worker.
A signal ends the worker once its tasks are done; a second one at once.

  --name NAME           the named queue. Default default
  --concurrency N       how many commands run at a time. Default 1
  --timeout TIME        how long a command may take
  --ok-codes N,...      the exit codes that mean success. Default 0
  --sarif FILE          the SARIF log that the command writes, such as {dir}/out.sarif. By default standard output, if it is one
  --max-output SIZE     how much of its output is kept. Default 128KiB
  --stdin               give the command the input on standard input
  --allow-options       let an input begin with "-" where the command may take it for an option
  --grace TIME          how long a command has between SIGTERM and SIGKILL. Default 5s
  --drain TIME          how long to wait for commands at the end; then their tasks are given back. Default 30s
  --worker NAME         the name that the queue shows
${connectHelp}`,
      run: work,
    },
    wait: {
      usage: "wait --queue ENDPOINT [ID...]",
      purpose: "wait until tasks have ended",
      about: `All tasks, or those of a batch or a named queue. Exit codes: 0 all finished, 1 some failed, expired or were
cancelled, 2 wrong usage, 3 the time is up.

  ID...                 these tasks
  --name NAME           tasks of this named queue
  --batch BATCH         tasks of this batch
  --timeout TIME        wait so long at most
${connectHelp}${json}`,
      run: wait,
    },
    watch: {
      usage: "watch --queue ENDPOINT",
      purpose: "show how far tasks are, until they have ended",
      about: `Exit codes as those of wait.

  --name NAME           tasks of this named queue
  --batch BATCH         tasks of this batch
  --timeout TIME        watch so long at most
${connectHelp}${json}`,
      run: watch,
    },
    results: {
      usage: "results --queue ENDPOINT [ID...]",
      purpose: "print tasks with their inputs and results",
      about: `With --output json, a line for each task: id, input, state, attempts, worker, exitCode, output; then the reason, and
what else the result has.
${selectHelp}
  --sarif               one SARIF log of all findings instead
${connectHelp}${json}`,
      run: results,
    },
    list: {
      usage: "list --queue ENDPOINT [ID...]",
      purpose: "list tasks",
      about: `A line for each: id, state, queue, attempts, worker and reason. 1/3 final: it has failed, and another attempt would, too.\n${selectHelp}\n${connectHelp}${json}`,
      run: list,
    },
    show: {
      usage: "show --queue ENDPOINT ID",
      purpose: "show all that is known of a task",
      about: `${connectHelp.slice(1)}${json}`,
      run: show,
    },
    status: {
      usage: "status --queue ENDPOINT",
      purpose: "show named queues, workers and schedules",
      about: `${connectHelp.slice(1)}${json}`,
      run: status,
    },
    cancel: {
      usage: "cancel --queue ENDPOINT (ID... | --all)",
      purpose: "cancel tasks that have not ended",
      about: selected(`When it ends, none of them runs any more: their workers were told to stop, and have.

  --reason TEXT         shown with the tasks`),
      run: changing.cancel,
    },
    retry: {
      usage: "retry --queue ENDPOINT (ID... | --all)",
      purpose: "try failed tasks again, as if they were new",
      about: selected("A task that has failed is kept until it is retried or discarded."),
      run: changing.retry,
    },
    discard: {
      usage: "discard --queue ENDPOINT (ID... | --all)",
      purpose: "forget tasks that have ended",
      about: selected("Their ids can be used again."),
      run: changing.discard,
    },
    pause: {
      usage: "pause --queue ENDPOINT [NAME]",
      purpose: "start no more tasks of a named queue; those that run go on",
      about: connectHelp.slice(1),
      run: changing.pause,
    },
    resume: {
      usage: "resume --queue ENDPOINT [NAME]",
      purpose: "end pausing and draining",
      about: connectHelp.slice(1),
      run: changing.resume,
    },
    drain: {
      usage: "drain --queue ENDPOINT [NAME]",
      purpose: "take no more tasks into a named queue; those that are there are done",
      about: connectHelp.slice(1),
      run: changing.drain,
    },
    limit: {
      usage: "limit --queue ENDPOINT [NAME]",
      purpose: "limit how many tasks of a named queue start or run",
      about: `
  --rate N/TIME         start at most N in any such time, such as 10/s or 100/5m; none removes the limit
  --concurrency N       run at most N at a time; none removes the limit
  --per-key N           run at most N of one key at a time. 1 keeps their order
${connectHelp}`,
      run: changing.limit,
    },
    unschedule: {
      usage: "unschedule --queue ENDPOINT ID",
      purpose: "end a schedule that submit --every has made",
      about: connectHelp.slice(1),
      run: changing.unschedule,
    },
  },
}

export const tasks = (args: readonly string[]): Promise<number> => runCommand(verb, args)
