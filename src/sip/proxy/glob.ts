/** Patterns with `*` for any text, as operators write them. */

/**
 * Whether all of `text` is as the pattern says. Goes back to the last star only, so that no text, whoever sent it,
 * takes longer than its length times the pattern's.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let [at, inText] = [0, 0]
  let [star, retry] = [-1, 0]
  while (inText < text.length) {
    if (pattern[at] === '*') {
      star = at
      retry = inText
      at += 1
    } else if (at < pattern.length && pattern[at] === text[inText]) {
      at += 1
      inText += 1
    } else if (star >= 0) {
      at = star + 1
      retry += 1
      inText = retry
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
