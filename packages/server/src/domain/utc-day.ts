/** The UTC day that a time is in, as usage is stored by. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
