/**
 * Finds the members of a JSON object by their names while its text comes in pieces, and passes over the others without
 * taking them apart. Of text that is no JSON it finds nothing, or what does not parse.
 */
export class TopLevel {
  /** Text of the value of each wanted member that was complete. */
  readonly found = new Map<string, string>();
  private readonly wanted: ReadonlySet<string>;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** False for text that begins as something else. */
  private object: boolean | undefined;
  /** At depth 1: before the colon, text is the name of a member. */
  private inName = true;
  /** What is being gathered: a name, or the value of a wanted member. */
  private pieces: Buffer[] | null = [];
  private name = '';

  constructor(wanted: readonly string[]) {
    this.wanted = new Set(wanted);
  }

  /** Everything that is wanted was found, or there cannot be anything. */
  get done(): boolean {
    return this.object === false || this.found.size === this.wanted.size;
  }

  /** Undefined before anything came. */
  get isObject(): boolean | undefined {
    return this.object;
  }

  add(bytes: Buffer): void {
    let from = 0;
    for (let at = 0; at < bytes.length && !this.done; at++) {
      const byte = bytes[at] as number;
      if (this.inString) {
        if (this.escaped) {
          this.escaped = false;
        } else if (byte === BACKSLASH) {
          this.escaped = true;
        } else if (byte === QUOTE) {
          this.inString = false;
        }
      } else if (byte === QUOTE) {
        this.inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.object === undefined) {
          this.object = byte === OPEN_BRACE;
          from = at + 1;
        }
        this.depth++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.depth--;
        from = this.depth === 0 ? this.ended(bytes, from, at) : from;
      } else if (this.depth === 1 && (byte === COMMA || byte === COLON)) {
        from = this.ended(bytes, from, at);
      } else if (this.object === undefined && byte > SPACE) {
        this.object = false;
      }
    }
    this.pieces?.push(bytes.subarray(from));
  }

  /** A name or a value of the object itself is over. @returns where the next begins */
  private ended(bytes: Buffer, from: number, at: number): number {
    const text =
      this.pieces === null ? '' : Buffer.concat([...this.pieces, bytes.subarray(from, at)]).toString();
    if (this.inName) {
      this.name = nameOf(text);
    } else if (this.wanted.has(this.name)) {
      this.found.set(this.name, text);
    }
    this.inName = !this.inName;
    this.pieces = this.inName || this.wanted.has(this.name) ? [] : null;
    return at + 1;
  }
}

/** '' for what is none. */
function nameOf(text: string): string {
  try {
    const name: unknown = JSON.parse(text);
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
