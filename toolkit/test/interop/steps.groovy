// Runs a Jenkinsfile with the steps that it uses: those of Jenkins do here what its documentation says, and `sh` runs a shell.
//
// groovy steps.groovy FILE LIBRARY

class Steps extends Script {
  static Map<String, String> environment = new HashMap(System.getenv())
  static File library

  def run() {}

  def pipeline(Closure body) { body() }
  def agent(Object where) {}
  def options(Closure body) {}
  def stages(Closure body) { body() }
  def stage(String name, Closure body) { println "stage ${name}"; body() }
  def steps(Closure body) { body() }
  def error(String message) { throw new RuntimeException(message) }

  def withEnv(List<String> values, Closure body) {
    def before = new HashMap(environment)
    values.each { one -> environment[one.substring(0, one.indexOf('='))] = one.substring(one.indexOf('=') + 1) }
    try { body() } finally { environment = before }
  }

  // The credential is a file whose name the environment has: CREDENTIAL_ and its id.
  def file(Map options) { [options.variable + '=' + environment['CREDENTIAL_' + options.credentialsId]] }
  def withCredentials(List bindings, Closure body) { withEnv(bindings.flatten(), body) }

  def sh(String program) {
    def builder = new ProcessBuilder('/bin/sh', '-xe', '-c', program).inheritIO()
    builder.environment().clear()
    builder.environment().putAll(environment)
    def code = builder.start().waitFor()
    if (code != 0) error("script returned exit code ${code}")
  }

  // The steps of the shared library.
  def methodMissing(String name, args) {
    def step = new File(library, name + '.groovy')
    if (!step.exists()) throw new MissingMethodException(name, this.class, args)
    shellFor(this.class.classLoader).parse(step).call(*args)
  }

  static GroovyShell shellFor(ClassLoader loader) {
    def configuration = new org.codehaus.groovy.control.CompilerConfiguration()
    configuration.scriptBaseClass = 'Steps'
    new GroovyShell(loader, new Binding(any: 'any', env: environment), configuration)
  }
}

Steps.library = new File(args[1])
def loader = new GroovyClassLoader(this.class.classLoader)
loader.parseClass('@interface Library { String value() }')
try {
  Steps.shellFor(loader).evaluate(new File(args[0]))
} catch (RuntimeException problem) {
  System.err.println("ERROR: ${problem.message}")
  System.exit(1)
}
