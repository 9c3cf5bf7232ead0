/** One thing that the server does again and again, made ready to be done alone. */
export interface Operation {
  /** `area: what`, the key of its figures. */
  readonly name: string
  /** Not ours: shown beside our own, and held to nothing. */
  readonly isReference?: boolean
  /** How often one run of what `setUp` answers does it; 1 where not given. */
  readonly perRun?: number
  /** Makes all that the operation needs. Throws where a first run does not do what it is to do. */
  setUp(): Run | Promise<Run>
}

/** The answer is only there so that nothing can be left out as unused. */
export type Run = () => unknown
