/**
 * Where log lines go. `console` fits, and so do pino and most others: each method takes one line of text.
 *
 * @example
 * const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
 * new Application([], { logger: silent });
 */
export interface Logger {
  debug(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}
