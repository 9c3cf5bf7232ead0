/** Several sources of lists as one: the first that has a list has it. */
import type { ListServices } from '../../../core/presence/list-services.ts'

export function allLists(sources: readonly ListServices[]): ListServices {
  return {
    async find(uri, watcher) {
      for (const source of sources) {
        const found = await source.find(uri, watcher)
        if (found) return found
      }
      return undefined
    },
    onChange(listener) {
      const listening = new DisposableStack()
      for (const source of sources) listening.use(source.onChange(listener))
      return listening
    },
  }
}
