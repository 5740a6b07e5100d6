// What CI systems tell a job in its environment: where it runs, and what stays the same if the job is run again.

import { createHash } from "node:crypto"
import process from "node:process"

type Environment = Readonly<Record<string, string | undefined>>

/** The job that runs this command. */
export interface Pipeline {
  /** For the `source` of events: the URL of the run. */
  readonly source: string
  /** The same when the job is run again. Undefined outside of CI: nobody knows what is the same there. */
  readonly job: string | undefined
  /** The folder of the checkout. */
  readonly root: string
}

const systems: readonly ((env: Environment) => (Omit<Pipeline, "root"> & { root: string | undefined }) | undefined)[] =
  [
    // https://docs.github.com/en/actions/reference/workflows-and-actions/variables: a re-run keeps GITHUB_RUN_ID, and counts GITHUB_RUN_ATTEMPT.
    ({
      GITHUB_SERVER_URL: server,
      GITHUB_REPOSITORY: repository,
      GITHUB_RUN_ID: run,
      GITHUB_JOB: job,
      GITHUB_WORKSPACE: root,
    }) => {
      if (!server || !repository || !run || !job) return undefined
      const source = `${server}/${repository}/actions/runs/${run}`
      return { source, job: `${source}/${job}`, root }
    },
    // https://docs.gitlab.com/ci/variables/predefined_variables/: a retry keeps the pipeline and the name of the job, and changes CI_JOB_ID.
    ({ CI_PIPELINE_URL: source, CI_JOB_NAME: job, CI_PROJECT_DIR: root }) =>
      source && job ? { source, job: `${source}/${job}`, root } : undefined,
    // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables: a build that is resumed keeps its URL.
    ({ BUILD_URL: source, WORKSPACE: root }) => (source ? { source, job: source, root } : undefined),
  ]

/** The job that runs this command. */
export function pipelineOf(env: Environment = process.env): Pipeline {
  for (const system of systems) {
    const found = system(env)
    if (found !== undefined) return { ...found, root: found.root || process.cwd() }
  }
  return { source: "/ohmq/cli", job: undefined, root: process.cwd() }
}

/**
 * The id of a request that a job makes: the same whenever the job asks for the same again. Jobs of a matrix that ask for different things have
 * different ids.
 *
 * @param asked What is asked for, and about what.
 */
export function requestIdOf(job: string, ...asked: readonly string[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([job, ...asked]))
    .digest("hex")
    .slice(0, 32)
  return `gate-${hash}`
}
