/** Checks parts of requests against their TypeBox schemas, with the defaults that the schemas give. */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  return (given: unknown) => {
    // What is in a URL is text; a body says itself what is a number.
    const value =
      httpPart === 'body' ? given : Value.Convert(schema, Value.Default(schema, given ?? {}))
    return compiled.Check(value) ? { value } : { error: compiled.Errors(value) }
  }
}
