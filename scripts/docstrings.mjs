// Checks that what the packages export has docstrings: TypeDoc looks at the names, this at the properties of interfaces, too.

import path from "node:path"

import { Application, ReflectionKind, TSConfigReader, TypeDocReader } from "typedoc"

import { Failure, root, runMain } from "./lib/project.mjs"

/** Properties of exported interfaces that have no docstring of their own, as `module.Interface.property`. */
const undocumented = (project) =>
  project.getReflectionsByKind(ReflectionKind.Interface).flatMap((one) =>
    (one.children ?? [])
      // What is inherited is checked where it is declared, and what comes from elsewhere is described there.
      .filter(({ inheritedFrom, flags }) => inheritedFrom === undefined && !flags.isExternal)
      .filter((child) => child.kindOf(ReflectionKind.Property) && !child.hasComment() && !isDocumentedFunction(child))
      .map((child) => child.getFullName()),
  )

/** A property that is a function may have its docstring at the signature. */
const isDocumentedFunction = ({ type }) =>
  type?.type === "reflection" && (type.declaration.signatures ?? []).some((signature) => signature.hasComment())

await runMain(async ([config = "typedoc.json"]) => {
  const readers = [new TypeDocReader(), new TSConfigReader()]
  const app = await Application.bootstrapWithPlugins(
    { options: path.resolve(root, config), disableSources: true },
    readers,
  )
  const project = await app.convert()
  if (project === undefined || app.logger.hasErrors()) throw new Failure("TypeDoc cannot read the exports")
  app.validate(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Failure("TypeDoc has found what is listed above")
  const missing = undocumented(project)
  if (missing.length > 0)
    throw new Failure(`${missing.length} properties of exported interfaces have no docstring:\n${missing.join("\n")}`)
})
