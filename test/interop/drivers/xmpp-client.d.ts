/** What the tests use of @xmpp/client, which comes without types. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'

  export interface Element {
    readonly name: string
    readonly attrs: Readonly<Record<string, string>>
    is(name: string, ns?: string): boolean
    getChild(name: string, ns?: string): Element | undefined
    getChildren(name: string, ns?: string): Element[]
    getChildText(name: string, ns?: string): string | null
    toString(): string
  }

  export interface Client extends EventEmitter {
    readonly iqCaller: {
      /** Answer the payload of the result; reject with an error that has its `condition`. */
      get(payload: Element, to?: string): Promise<Element | undefined>
      set(payload: Element, to?: string): Promise<Element | undefined>
    }
    readonly reconnect: { delay: number; stop(): void; reconnect(): Promise<void> }
    readonly streamManagement: EventEmitter & { readonly enabled: boolean; readonly id: string }
    readonly fast: EventEmitter & {
      saveToken(token: Token): Promise<void>
      fetchToken(): Promise<Token | undefined>
    }
    /** Resolves with the full JID. */
    start(): Promise<{ toString(): string }>
    stop(): Promise<unknown>
    send(element: Element): Promise<void>
    /** Resolves when it is written. */
    write(text: string): Promise<void>
  }

  export interface Token {
    readonly mechanism: string
    readonly token: string
    readonly expiry: string
  }

  export interface Options {
    service: string
    domain: string
    username: string
    password: string
    resource?: string
    /** Of each step of opening and closing, in milliseconds. */
    timeout?: number
    userAgent?: Element
  }

  export function client(options: Options): Client
  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string | undefined>>,
    ...children: (Element | string)[]
  ): Element
}
