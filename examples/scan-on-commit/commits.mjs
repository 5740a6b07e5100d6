// Two commits. The files of the first one are weak, and try to turn the scanners off; those of the second one are mended.

/** How many findings of high severity the first one has. */
export const weaknesses = { flawfinder: 1, eslint: 2, bandit: 2 }

export const weak = {
  "greet.c": `#include <stdio.h>
#include <string.h>

void greet(const char *name) {
  char text[16];
  strcpy(text, name); /* Flawfinder: ignore */
  puts(text);
}
`,
  "server.js": `/* eslint-disable */
export function answer(request) {
  return eval(request.query) // eslint-disable-line
}
`,
  "report.py": `import subprocess


def archive(name):
    subprocess.call("tar cf " + name, shell=True)  # nosec
`,
  "node_modules/hidden.js": "export const run = (text) => eval(text)\n",
  ".tox/hidden.py": "import os\n\n\ndef archive(name):\n    os.system('tar cf ' + name)\n",
  ".gitattributes": "*.c export-ignore\n*.js export-ignore\n*.py export-ignore\n",
  ".bandit": "[bandit]\nskips: B602\n",
}

export const mended = {
  "greet.c": `#include <stdio.h>

void greet(const char *name) {
  printf("%s\\n", name);
}
`,
  "server.js": `export function answer(request) {
  return JSON.parse(request.query)
}
`,
  "report.py": `import subprocess


def archive(name):
    subprocess.run(["tar", "cf", name], check=True)
`,
}
