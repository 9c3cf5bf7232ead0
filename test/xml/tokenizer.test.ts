import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { xml } from '../../src/xml/element.ts'
import { XmlSyntaxError } from '../../src/xml/tokenizer.ts'
import { corpus, HEADER, inPieces, LIMITS, Recorder, refusal, stanzas } from './support.ts'

describe('the corpus of good streams', () => {
  for (const { name, bytes } of corpus('good')) {
    it(`has ${name.replaceAll('-', ' ')}, and reads the same in pieces of any size`, () => {
      const { events, parser } = new Recorder().write(bytes)
      assert.deepEqual(events.at(-1), { close: true })
      assert.ok(parser.isComplete)
      for (const size of [1, 2, 3, 7]) {
        assert.deepEqual(new Recorder().write(...inPieces(bytes, size)).events, events)
      }
    })
  }
})

describe('the corpus of bad streams', () => {
  for (const { name, bytes } of corpus('bad')) {
    const [condition, what = ''] = name.split('.')
    it(`has ${what.replaceAll('-', ' ')}, which is ${condition}`, () => {
      assert.equal(refusal(bytes), condition)
      assert.equal(refusal(...inPieces(bytes, 1)), condition)
      assert.equal(refusal(...inPieces(bytes, 5)), condition)
    })
  }
})

describe('a stream', () => {
  it('opens, has stanzas and closes', () => {
    const { events } = new Recorder().write(
      `<?xml version='1.0'?>${HEADER}<message to='b'><body>Hi &amp; bye</body></message></stream:stream>`,
    )
    const ns = 'jabber:client'
    assert.deepEqual(events, [
      { open: xml('stream', { xmlns: 'http://etherx.jabber.org/streams' }) },
      { element: xml('message', { xmlns: ns, to: 'b' }, xml('body', {}, 'Hi & bye')) },
      { close: true },
    ])
  })

  it('tells the root as soon as its tag is there', () => {
    const recorder = new Recorder().write(HEADER.slice(0, -1))
    assert.equal(recorder.events.length, 0)
    recorder.write('>')
    assert.equal(recorder.events.length, 1)
  })

  it('keeps nothing between stanzas', () => {
    const { parser } = new Recorder().write(HEADER, '<a>x</a>  \n ')
    assert.equal(parser.buffered, 0)
  })

  it('takes any amount of white space between stanzas without counting it', () => {
    const recorder = new Recorder().write(HEADER)
    for (let count = 0; count < 100; count++) recorder.write(' '.repeat(LIMITS.maxStanzaBytes))
    recorder.write(`   ${`<a>${'x'.repeat(LIMITS.maxStanzaBytes - 7)}</a>`}`)
    assert.equal(recorder.elements.length, 1)
  })

  it('that is refused once takes nothing more', () => {
    const recorder = new Recorder().write(HEADER)
    assert.throws(() => recorder.write('<a></b>'), XmlSyntaxError)
    recorder.write('<c/>')
    assert.equal(recorder.elements.length, 0)
  })

  it('passes on what its handler throws', () => {
    const recorder = new Recorder().write(HEADER)
    recorder.onStanza = () => {
      throw new RangeError('from the handler')
    }
    assert.throws(() => recorder.write('<a/>'), RangeError)
  })
})

describe('an element', () => {
  it('has its namespace from the nearest declaration', () => {
    const [a] = stanzas("<a><b xmlns='urn:b'><c/><p:d xmlns:p='urn:d'><e/></p:d></b></a>")
    const b = a?.child('b', 'urn:b')
    assert.equal(b?.child('c')?.ns, 'urn:b')
    const d = b?.child('d', 'urn:d')
    assert.equal(d?.child('e', 'urn:b')?.name, 'e')
  })

  it('has attributes by expanded name, and prefixes that mean the declaration around them', () => {
    const [a] = stanzas("<a p:x='1' x='2' xml:lang='en' xmlns:p='urn:p'/>")
    assert.deepEqual({ ...a?.attrs }, { x: '2', '{urn:p}x': '1', 'xml:lang': 'en' })
  })

  it('joins text that a section interrupts, and reads line ends as one', () => {
    const [a] = stanzas('<a>1\r\n2\r<![CDATA[3\r\n]]>&#13;</a>')
    assert.deepEqual(a?.children, ['1\n2\n3\n\r'])
  })

  it('keeps references out of the normalisation of values', () => {
    const [a] = stanzas("<a b='1\n2&#10;3\t&#9;&lt;'/>")
    assert.equal(a?.attr('b'), '1 2\n3 \t<')
  })

  it('shares the strings of names and namespaces with others', () => {
    const [a, b] = stanzas("<a xmlns='urn:some:namespace'/><a xmlns='urn:some:namespace'/>")
    assert.equal(a?.ns, b?.ns)
    assert.equal(a?.name, b?.name)
  })
})

describe('limits', () => {
  const { maxStanzaBytes } = LIMITS

  it('are on each stanza, not on the stream', () => {
    const stanza = `<a>${'x'.repeat(maxStanzaBytes - 7)}</a>`
    assert.equal(new Recorder().write(HEADER, stanza.repeat(20)).elements.length, 20)
    const one = stanza.replace('x', 'xx')
    assert.equal(refusal(HEADER, one), 'policy-violation')
    assert.equal(refusal(HEADER, ...inPieces(Buffer.from(one), 1)), 'policy-violation')
  })

  it('refuse what has no end as soon as it is too much', () => {
    const endless = ['<a>', "<a b='", '<a><![CDATA[', `<a ${' '.repeat(10)}`, '<a><b/>', '<a></a']
    for (const begin of endless) {
      const recorder = new Recorder().write(HEADER, begin)
      let written = begin.length
      assert.throws(
        () => {
          for (; written < 2 * maxStanzaBytes; written++) recorder.write(' ')
        },
        ({ condition }) => condition === 'policy-violation',
        begin,
      )
      assert.ok(written <= maxStanzaBytes, begin)
    }
  })

  it('hold for the opening tag too', () => {
    assert.equal(refusal(`<stream a='${'x'.repeat(maxStanzaBytes)}'>`), 'policy-violation')
    assert.equal(refusal(`<stream a='${'x'.repeat(maxStanzaBytes)}`), 'policy-violation')
    assert.equal(refusal(`<?xml ${' '.repeat(maxStanzaBytes)}`), 'policy-violation')
  })

  it('may be raised for what follows', () => {
    const recorder = new Recorder().write(HEADER)
    recorder.parser.setLimits({ ...LIMITS, maxStanzaBytes: 3 * maxStanzaBytes })
    recorder.write(`<a>${'x'.repeat(2 * maxStanzaBytes)}</a>`)
    assert.equal(recorder.elements.length, 1)
  })

  it('on attributes do not count those of other elements', () => {
    const many = Array.from({ length: LIMITS.maxAttributes }, (_, at) => `a${at}=''`).join(' ')
    assert.equal(stanzas(`<a ${many}><b ${many}/></a>`).length, 1)
  })
})

describe('the work of reading', () => {
  /**
   * How much more work a byte is where there are many; 1 would be exactly linear. In time of this
   * process alone: what else the machine does says nothing.
   */
  function growth(read: (size: number) => void): number {
    const time = (size: number) => {
      const start = process.cpuUsage()
      read(size)
      const { user, system } = process.cpuUsage(start)
      return user + system
    }
    time(2_000)
    const factor = 16
    const best = (size: number) => Math.min(...[1, 2, 3].map(() => time(size)))
    return best(20_000 * factor) / best(20_000) / factor
  }

  const large = { ...LIMITS, maxStanzaBytes: 1_000_000 }
  const cases: [string, string, string][] = [
    ['text', '<a>', 'x'],
    ['a value', "<a b='", 'x'],
    ['a section', '<a><![CDATA[', ']'],
    ['white space in a tag', '<a ', ' '],
    ['white space in an end tag', '<a></a', ' '],
    ['references', '<a>', '&lt;'],
    ['elements', '<a>', '<b/>'],
  ]
  for (const [name, begin, more] of cases) {
    it(`grows no faster than ${name} that comes in single bytes`, () => {
      const bytes = inPieces(Buffer.from(more), 1)
      const ratio = growth((size) => {
        const recorder = new Recorder(large).write(HEADER, begin)
        for (let at = 0; at < size / bytes.length; at++) recorder.write(...bytes)
      })
      // Quadratic work would be sixteen times as much.
      assert.ok(ratio < 6, `${ratio.toFixed(1)} times as much work for each byte`)
    })
  }

  it('grows no faster than white space behind which an end tag is wrong', () => {
    const ratio = growth((size) => {
      const input = Buffer.from(`<a></a${' '.repeat(size)}x>`)
      for (let again = 0; again < 20; again++) {
        const recorder = new Recorder(large).write(HEADER)
        assert.throws(() => recorder.write(input), XmlSyntaxError)
      }
    })
    assert.ok(ratio < 6, `${ratio.toFixed(1)} times as much work for each byte`)
  })
})

describe('a pause', () => {
  it('within a stanza’s handler leaves what follows for later', () => {
    const recorder = new Recorder()
    recorder.onStanza = () => recorder.parser.pause()
    recorder.write(`${HEADER}<a/><b/>`, '<c>', '</c></stream:stream>')
    assert.deepEqual(recorder.elements.map(String), ["<a xmlns='jabber:client'/>"])
    assert.ok(recorder.parser.isPaused)
    assert.equal(recorder.parser.buffered, '<b/><c></c></stream:stream>'.length)
    recorder.parser.resume()
    assert.equal(recorder.elements.length, 2)
    recorder.parser.resume()
    assert.equal(recorder.elements.length, 3)
    recorder.parser.resume()
    assert.deepEqual(recorder.events.at(-1), { close: true })
    assert.equal(recorder.parser.buffered, 0)
  })

  it('in the middle of a tag loses nothing', () => {
    const recorder = new Recorder().write(HEADER, "<a b='1")
    recorder.parser.pause()
    recorder.write('2', "3'/><c", '/>')
    assert.equal(recorder.elements.length, 0)
    recorder.parser.resume()
    assert.deepEqual(
      recorder.elements.map((element) => element.attr('b')),
      ['123', undefined],
    )
  })

  it('in the middle of a character loses nothing', () => {
    const bytes = Buffer.from('<a>€</a>')
    const recorder = new Recorder().write(HEADER, bytes.subarray(0, 4))
    recorder.parser.pause()
    recorder.write(bytes.subarray(4))
    recorder.parser.resume()
    assert.equal(recorder.elements[0]?.text(), '€')
  })

  it('throws on resume what the input deserves', () => {
    const recorder = new Recorder().write(HEADER)
    recorder.parser.pause()
    recorder.write('<a></b>')
    assert.throws(() => recorder.parser.resume(), XmlSyntaxError)
  })

  it('costs no more for many small writes than for one', () => {
    const recorder = new Recorder({ ...LIMITS, maxStanzaBytes: 1_000_000 }).write(HEADER, '<a>')
    recorder.parser.pause()
    for (let at = 0; at < 200_000; at++) recorder.write('x')
    recorder.parser.resume()
    recorder.write('</a>')
    assert.equal(recorder.elements[0]?.text().length, 200_000)
  })
})

describe('a restart', () => {
  it('begins a new stream with what follows, declaration and all', () => {
    const recorder = new Recorder()
    recorder.onStanza = ({ name }) => {
      if (name === 'auth') recorder.parser.reset()
    }
    recorder.write(`${HEADER}<auth/><?xml version='1.0'?>${HEADER}<a/></stream:stream>`)
    assert.equal(recorder.events.length, 5)
    assert.ok(recorder.parser.isComplete)
  })

  it('may be followed by another byte order mark', () => {
    const recorder = new Recorder()
    recorder.onStanza = () => recorder.parser.reset()
    recorder.write(`${HEADER}<auth/>`, `\ufeff${HEADER}<a/>`)
    assert.equal(recorder.elements.length, 2)
  })

  it('forgets the namespaces of the old stream', () => {
    const recorder = new Recorder().write(HEADER)
    recorder.parser.reset()
    assert.throws(() => recorder.write('<stream:stream>'), XmlSyntaxError)
  })
})
