import { InvalidArgumentError } from "commander";

/** A parser of a whole number within bounds, for commander. */
export const numberOption =
  ({ min, max }: { min: number; max: number }) =>
  (text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return value;
  };

/** Gathers an option that can be given more than once, for commander. */
export const repeated = (text: string, before: string[] = []): string[] => [...before, text];
