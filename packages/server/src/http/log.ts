/** What the listener needs of a logger; a pino logger fits. */
export interface HttpLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = () => undefined;

/** A log that keeps nothing. */
export const silentLog: HttpLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
