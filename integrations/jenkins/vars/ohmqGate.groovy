// A step of a shared library: waits at a gate of the relay, and fails the build unless it is allowed.
//
//   ohmqGate request: 'deploy.production', to: 'tcp://relay.example.com:5563', serverCert: '/etc/ohmq/relay.key', timeout: '30m'
//
// Options: request, to (required); subject, id, timeout, fail ('closed' or 'open'), verifyKey: a PEM file; serverCert, credentials, data: see ohmqRun.

def call(Map options) {
  ohmqRun(
    name: 'ohmqGate',
    command: 'ohmq gate',
    flags: [request: 'request', subject: 'subject', id: 'id', timeout: 'timeout', fail: 'fail', to: 'to', verifyKey: 'verify-key'],
    required: ['request', 'to'],
    options: options
  )
}
