/** Ends the program with one line for its user and a status: 1 if the scan failed, 2 if the arguments were wrong. */
export class Failure extends Error {
  constructor(message, status) {
    super(message)
    this.status = status
  }
}
