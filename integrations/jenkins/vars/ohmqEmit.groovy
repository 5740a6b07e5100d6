// A step of a shared library: sends the findings of a SARIF log to the relay, and fails the build unless they are on its disk.
//
//   ohmqEmit sarif: 'eslint.sarif', to: 'tcp://relay.example.com:5562', serverCert: '/etc/ohmq/relay.key'
//
// Options: sarif, to (required); subject, timeout; serverCert, credentials: see ohmqRun.

def call(Map options) {
  ohmqRun(
    name: 'ohmqEmit',
    command: 'ohmq emit --wait-ack',
    flags: [sarif: 'sarif', subject: 'subject', timeout: 'timeout', to: 'to'],
    required: ['sarif', 'to'],
    options: options
  )
}
