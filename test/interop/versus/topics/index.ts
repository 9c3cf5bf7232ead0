import type { Topic } from '../topic.ts'
import { discovery, errors } from './errors.ts'
import { ping } from './ping.ts'

/** In the order in which they run. */
export const TOPICS: readonly Topic[] = [ping, discovery, errors]
