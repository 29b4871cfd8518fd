/** How long a runner may take to end by itself where nobody says otherwise. */
export const defaultGraceMs = 10_000;
