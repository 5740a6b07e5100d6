// Runs a command of ohmq, for the steps ohmqEmit and ohmqGate: their options become its options.
//
// flags: which option of the step is which one of the command. Those that every step has: credentials (default 'ohmq'): the id of a file credential that
// holds this job's certificate with its secret key; serverCert: a file with the public certificate of the relay; data (a map).

def call(Map step) {
  def (name, command, flags, required, options) = [step.name, step.command, step.flags, step.required, step.options]
  required.each { one ->
    if (!options[one]) error("${name}: expected ${one}")
  }
  def known = flags.keySet() + ['serverCert', 'credentials', 'data']
  options.keySet().each { one ->
    if (!known.contains(one)) error("${name}: unknown option ${one}. The options are ${known.join(', ')}")
  }
  // Values go to the shell by the environment, and never as a part of its program.
  def environment = []
  def arguments = ''
  (flags + [serverCert: 'server-cert']).each { option, flag ->
    if (options[option]) {
      environment << "OHMQ_STEP_${option}=${options[option]}".toString()
      arguments += ' --' + flag + ' "$OHMQ_STEP_' + option + '"'
    }
  }
  def input = ''
  if (options.data) {
    environment << "OHMQ_STEP_data=${groovy.json.JsonOutput.toJson(options.data)}".toString()
    input = 'printf %s "$OHMQ_STEP_data" | '
    arguments += ' --data -'
  }
  def program = input + command + arguments
  withEnv(environment) {
    if (options.serverCert) {
      withCredentials([file(credentialsId: options.credentials ?: 'ohmq', variable: 'OHMQ_STEP_cert')]) {
        // Jenkins writes the file with the mode that its umask gives.
        sh 'umask 077; own="$(mktemp)"; trap \'rm -f "$own"\' EXIT; cat "$OHMQ_STEP_cert" > "$own"\n' + program + ' --cert "$own"'
      }
    } else {
      sh program
    }
  }
}
