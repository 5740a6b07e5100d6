// A step of a shared library: waits at a gate of the relay, and fails the build unless it is allowed.
//
//   ohmqGate request: 'deploy.production', to: 'tcp://relay.example.com:5562', timeout: '30m'
//
// Options: request, to (required); subject, id, timeout, fail ('closed' or 'open'), data (a map);
// credentials (default 'ohmq'): the id of a file credential that holds this job's certificate with its secret key; serverCert: a file;
// verifyKey: a PEM file.

def call(Map options) {
  ['request', 'to'].each { name ->
    if (!options[name]) error("ohmqGate: expected ${name}")
  }
  def known = ['request', 'to', 'subject', 'id', 'timeout', 'fail', 'data', 'credentials', 'serverCert', 'verifyKey']
  options.keySet().each { name ->
    if (!known.contains(name)) error("ohmqGate: unknown option ${name}. The options are ${known.join(', ')}")
  }
  // Values go to the shell by the environment, and never as a part of its program.
  def flags = [request: 'request', subject: 'subject', id: 'id', timeout: 'timeout', fail: 'fail', to: 'to',
               serverCert: 'server-cert', verifyKey: 'verify-key']
  def environment = []
  def arguments = ''
  flags.each { name, flag ->
    if (options[name]) {
      environment << "OHMQ_GATE_${name}=${options[name]}".toString()
      arguments += ' --' + flag + ' "$OHMQ_GATE_' + name + '"'
    }
  }
  if (options.data) {
    environment << "OHMQ_GATE_data=${groovy.json.JsonOutput.toJson(options.data)}".toString()
  }
  def input = options.data ? 'printf %s "$OHMQ_GATE_data" | ' : ''
  def data = options.data ? ' --data -' : ''
  def program = input + 'ohmq gate' + arguments + data
  withEnv(environment) {
    if (options.serverCert) {
      withCredentials([file(credentialsId: options.credentials ?: 'ohmq', variable: 'OHMQ_GATE_cert')]) {
        // Jenkins writes the file with the mode that its umask gives.
        sh 'umask 077; own="$(mktemp)"; trap \'rm -f "$own"\' EXIT; cat "$OHMQ_GATE_cert" > "$own"\n' + program + ' --cert "$own"'
      }
    } else {
      sh program
    }
  }
}
