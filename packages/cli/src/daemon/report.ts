/** What a daemon that was started in the background tells the one who started it, once. */
export type StartReport =
  | { readonly ready: true; readonly addresses: readonly string[]; readonly socket: string | null }
  | {
      readonly ready: false;
      /** `locked`: another daemon holds the data directory. `in_use`: another program has the address. */
      readonly problem: "locked" | "in_use" | "usage" | "other";
      readonly message: string;
      /** The address that cannot be listened on. */
      readonly address?: string;
    };
